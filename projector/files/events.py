"""The event file of a run: TensorBoard lists a folder as a run by it."""

import io

EVENTS = "events.out.tfevents.imgrec"


def event_bytes(order: int) -> bytes:
    """Return an event file that holds nothing but the time of its beginning.

    TensorBoard's faster loader passes over a run without a first event, and lists the others
    in the order of the times of theirs; so the time is the run's place in the list.

    Source: tensorboard/data/server/commit.rs, server.rs.

    Args:
        order: from 1, in seconds after 1970.
    """
    from tensorboard.compat.proto.event_pb2 import Event  # late: half a second
    from tensorboard.summary.writer.record_writer import RecordWriter

    buffer = io.BytesIO()
    event = Event(wall_time=float(order), file_version="brain.Event:2")
    RecordWriter(buffer).write(event.SerializeToString())
    return buffer.getvalue()
