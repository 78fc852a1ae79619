"""The simulation against what can be computed by hand: the slowest stage, the driver, losses."""

from dataclasses import replace

import pytest

from simulated_run import Simulated, SimulatedCrews, UnitCosts, simulated

# 1,024 pictures take 64 seconds of 16 cores.
_STEADY = UnitCosts(
    decode_s=1.0,
    commit_s=0.0,
    dispatch_s=0.0,
    failures_hour=0.0,
    preemptions_hour=0.0,
    spread=0.0,
    start_s=10.0,
)
_PART = 1024


@pytest.mark.parametrize("machines", [1, 4, 32])
def test_the_slowest_stage_decides_the_time(machines: int) -> None:
    found = simulated(_PART * 64, machines, _STEADY)
    stages = _STEADY.stages(machines)
    rounds = 64 // machines
    expected = 10 + sum(stages.values()) + (rounds - 1) * stages["decode"]
    assert found.seconds == pytest.approx(expected, rel=1e-6)
    assert found.bottleneck == "decode"
    assert found.machine_hours == pytest.approx(machines * expected / 3600)
    assert found.jobs == 64
    assert found.repeated == found.lost == 0


def test_a_driver_that_is_slower_than_all_crews_together_ends_after_them() -> None:
    alone = simulated(_PART * 1000, 64, _STEADY)
    found = simulated(_PART * 1000, 64, replace(_STEADY, commit_s=4.0))
    assert found.seconds == pytest.approx(4000, rel=0.03)
    assert found.crews_s == alone.crews_s == alone.seconds
    assert found.machine_hours == alone.machine_hours
    assert found.bottleneck == alone.bottleneck == "decode"


def test_crews_wait_for_a_driver_that_gives_out_jobs_slowly() -> None:
    found = simulated(_PART * 1000, 64, replace(_STEADY, dispatch_s=4.0))
    assert found.crews_s == pytest.approx(4000, rel=0.03)
    assert found.bottleneck == "dispatch"


def test_a_storage_at_its_limit_decides_the_time_whatever_the_machines() -> None:
    costs = replace(_STEADY, storage_requests_s=1000.0)
    requests = 2000 * (_PART + costs.part_requests)
    for machines in (100, 200):
        found = simulated(_PART * 2000, machines, costs)
        assert found.bottleneck == "storage"
        assert found.seconds == pytest.approx(requests / 1000, rel=0.25)
        assert found.requests == pytest.approx(requests)


def test_traffic_is_that_of_all_jobs() -> None:
    found = simulated(_PART * 10 - 5, 2, replace(_STEADY, picture_bytes=1e5, part_bytes=1e6))
    assert found.bytes_read == pytest.approx(10 * _PART * 1e5)
    assert found.bytes_written == pytest.approx(10e6)


def test_losses_cost_time_and_no_job() -> None:
    lossy = replace(_STEADY, failures_hour=2.0, preemptions_hour=4.0, spread=0.3)
    calm, hurt = (simulated(_PART * 640, 8, costs, seed=3) for costs in (_STEADY, lossy))
    assert hurt.jobs == 640
    # Some 8 machines for 1.4 hours, six losses an hour and machine.
    assert 30 < hurt.lost < 150
    assert hurt.lost / 2 < hurt.repeated < 3 * hurt.lost
    assert calm.seconds < hurt.seconds < 3 * calm.seconds


def test_one_seed_gives_one_result() -> None:
    costs = replace(_STEADY, failures_hour=1.0, spread=0.5)

    def run(seed: int) -> Simulated:
        return simulated(_PART * 100, 7, costs, seed)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_crew_that_was_lost_gives_no_result() -> None:
    crews = SimulatedCrews(1, _STEADY)
    (joined,) = crews.events(1e9)
    crews.give(joined.crew, 0)
    crews.close()
    assert crews.events(1e9) == []
