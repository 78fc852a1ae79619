"""Which crews the machines of a Ray cluster get."""

from typing import Any

from imgrec.cluster.ray_nodes import Place, places


def _node(name: str, *, alive: bool = True, **resources: float) -> dict[str, Any]:
    return {"NodeID": name * 8, "NodeName": name, "Alive": alive, "Resources": resources}


def test_on_cpus_each_machine_has_one_crew_with_all_its_cores() -> None:
    nodes = [_node("a", CPU=16.0), _node("b", CPU=4.0, GPU=2.0)]
    assert places(nodes, on_gpus=False) == [
        Place("aaaaaaaa", "a", 0, 16, 0),
        Place("bbbbbbbb", "b", 0, 4, 0),
    ]


def test_on_gpus_each_device_has_one_and_the_cores_are_shared_out() -> None:
    nodes = [_node("a", CPU=16.0), _node("b", CPU=17.0, GPU=2.0)]
    assert places(nodes, on_gpus=True) == [
        Place("bbbbbbbb", "b", 0, 8, 1),
        Place("bbbbbbbb", "b", 1, 8, 1),
    ]


def test_machines_that_left_or_lend_no_cores_have_none() -> None:
    nodes = [_node("a", alive=False, CPU=16.0), _node("b", CPU=0.0), _node("c")]
    assert places(nodes, on_gpus=False) == []
    assert places(nodes, on_gpus=True) == []
