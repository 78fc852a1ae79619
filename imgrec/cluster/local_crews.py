"""The one crew of this machine, in a thread of the driver's process.

Its decoders are processes, so there is nothing to gain from several; what other machines do beside
it, as drivers of the same plan, is found in the records.
"""

from collections.abc import Mapping
from functools import partial
from types import TracebackType

from imgrec.cluster.crew import Crew, CrewOptions
from imgrec.cluster.crew_thread import CrewThread
from imgrec.cluster.crews import Done, Event, Joined
from imgrec.encoders.spec import Encoder

_NAME = "this machine"


class LocalCrews:
    """One crew in this process, see `imgrec.cluster.crews.Crews`; a context manager.

    Attributes:
        warnings: of the crew, a line each.
    """

    def __init__(
        self,
        url: str,
        plan_id: str,
        options: CrewOptions,
        encoders: Mapping[str, Encoder] | None = None,
    ) -> None:
        """Start the crew; the arguments are those of `Crew`."""
        self.warnings: list[str] = []
        self._thread = CrewThread(partial(Crew, url, plan_id, options, encoders))

    def __enter__(self) -> "LocalCrews":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def give(self, crew: str, number: int) -> None:
        """Queue a job."""
        self._thread.give(number)

    def events(self, timeout_s: float) -> list[Event]:
        """Return what happened since the last call, see `Crews`.

        Raises:
            ImgrecError: what ended the crew; there is no other.
        """
        found: list[Event] = []
        for news in self._thread.news(timeout_s):
            if isinstance(news, BaseException):
                raise news
            if isinstance(news, list):
                self.warnings += news
                found.append(Joined(_NAME))
            else:
                found.append(Done(_NAME, news.number, news))
        return found

    def close(self) -> None:
        """Let the crew end at its next job."""
        self._thread.close()
