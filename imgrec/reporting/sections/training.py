"""The section for those who train models: labels, classes, splits, a diverse subset."""

from collections.abc import Sequence

from imgrec.collection import Catalog
from imgrec.collection.kinds import CLASS
from imgrec.reporting.facts.diverse import Diverse
from imgrec.reporting.facts.label_votes import LEAST, Explained, Suspect
from imgrec.reporting.facts.splits import COPY, SAME, Leak
from imgrec.reporting.facts.training import Labels, Training
from imgrec.reporting.figures.bars import Bar, Bars
from imgrec.reporting.figures.chart import NARROW_PX, WIDE_PX, Chart, Section, percent
from imgrec.reporting.figures.picture_rows import Row, Sheet
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.tables import picture_table
from imgrec.system.csv_cells import cell, csv_text
from imgrec.system.text import counted

# Likely wrong labels, pairs and classes that are drawn; the tables have all of them.
_SUSPECTS, _PAIRS, _CLASSES = 12, 18, 40
_SIDE_PX = 80
# Of the diverse subset: four lines of a wide figure.
_DIVERSE = 48
_KINDS = {COPY: "copy", SAME: "same picture"}


def training_section(training: Training, catalog: Catalog, thumbnails: Thumbnails) -> Section:
    """Return the section for those who train models.

    Args:
        training: the facts.
        catalog: of the pictures.
        thumbnails: of the pictures.
    """
    charts: list[Chart] = []
    labels = training.labels
    if labels and labels.tells:
        if labels.suspects:
            charts.append(_suspect_chart(labels.suspects, catalog, thumbnails))
        charts.append(_class_chart(labels))
    if training.leaks:
        charts.append(_leak_chart(training, catalog, thumbnails))
    if training.diverse:
        charts.append(_diverse_chart(training.diverse, catalog, thumbnails))
    lines = (*_label_lines(labels), *_split_lines(training), *_diverse_lines(training.diverse))
    return Section("training", "For training", lines, tuple(charts))


def _label_lines(labels: Labels | None) -> tuple[str, ...]:
    if labels is None:
        return (
            "The folders cannot serve as labels here. Needed are two or more folders with at "
            f"least {LEAST} pictures each, which together hold at least half of all pictures, and "
            "none of them more than nine tenths of these.",
        )
    if not labels.tells:
        return (
            "The folders do not follow what the pictures show: the nearest pictures share a "
            f"folder in {percent(labels.agreement)} of all cases, by chance it would be "
            f"{percent(labels.chance)}. So they cannot tell which labels are wrong.",
        )
    found = len(labels.suspects)
    likely = (
        f"{counted(found, 'label')} {'is' if found == 1 else 'are'} likely wrong: the nearest "
        "pictures are in another folder."
        if found
        else "No label is likely wrong."
    )
    return (
        f"Folders are taken for labels: {len(labels.explained):,} classes, "
        f"{counted(labels.pictures, 'picture')}. {likely} For {percent(labels.share)} of the "
        "pictures their own class has the most votes of the nearest.",
    )


def _split_lines(training: Training) -> tuple[str, ...]:
    if len(training.sizes) < 2:
        return ()
    told = ", ".join(f"{split} {count:,}" for split, count in training.sizes.items())
    lines = [f"The folders divide the pictures: {told}."]
    if not training.leaking:
        lines.append("No picture is known to be in two of them.")
    for split, count in training.leaking.items():
        share = percent(count / training.sizes[split])
        verb = "is" if count == 1 else "are"
        lines.append(
            f"{counted(count, 'picture')} of {split} ({share}) {verb} in an earlier one too, as a "
            "copy or as the same picture in another file: what is measured there is too good."
        )
    if not training.compared:
        lines.append(
            "Only identical files are known so far: `imgrec duplicates` finds the same picture in "
            "other files."
        )
    return tuple(lines)


def _diverse_lines(diverse: Diverse | None) -> tuple[str, ...]:
    if diverse is None:
        return ()
    return (
        f"{counted(len(diverse.ids), 'picture')} stand for all: every picture has one of them "
        f"within a cosine distance of {diverse.radius:.2f}.",
    )


def _suspect_chart(suspects: Sequence[Suspect], catalog: Catalog, thumbnails: Thumbnails) -> Chart:
    shown = suspects[:_SUSPECTS]
    rows = [
        Row(
            f"{one.label}, more likely {one.likely}",
            f"of its {one.voters} nearest: {_votes(one)}",
            (one.id, *one.evidence),
            (f"in {one.label}", *[f"in {one.likely}"] * len(one.evidence)),
        )
        for one in shown
    ]
    first = shown[0]
    return Chart(
        "wrong-labels",
        "Likely wrong labels",
        "Each row begins with a picture; the others are its nearest pictures in the folder that "
        "most of them are in. Ranked by how far this folder leads; a folder counts as likely if "
        "it has at least the share that it has among its own pictures (confident learning). "
        f"{_drawn(len(shown), len(suspects))}",
        f"Rows of pictures: {counted(len(suspects), 'label')} likely wrong. The first is in "
        f"{first.label}; of its {first.voters} nearest: {_votes(first)}.",
        Sheet(rows, thumbnails, side_px=_SIDE_PX).draw,
        (WIDE_PX, NARROW_PX),
        _suspect_table(suspects, catalog),
    )


def _suspect_table(suspects: Sequence[Suspect], catalog: Catalog) -> str:
    nearest = catalog.entries(one.evidence[0] for one in suspects)
    votes = [dict(one.votes) for one in suspects]
    columns: dict[str, Sequence[object]] = {
        "label": [one.label for one in suspects],
        "likely": [one.likely for one in suspects],
        "neighbors": [one.voters for one in suspects],
        "likely_votes": [of[one.likely] for of, one in zip(votes, suspects, strict=True)],
        "label_votes": [of.get(one.label, 0) for of, one in zip(votes, suspects, strict=True)],
        "votes": [_votes(one) for one in suspects],
        "distance": [one.distance for one in suspects],
        "nearest": [entry.path for entry in nearest],
    }
    return picture_table(catalog, (one.id for one in suspects), columns)


def _votes(suspect: Suspect) -> str:
    return ", ".join(f"{count} {name}" for name, count in suspect.votes)


def _class_chart(labels: Labels) -> Chart:
    shown = labels.explained[:_CLASSES]
    rows = [Bar(one.name, one.share, _explained(one)) for one in shown]
    least = shown[0]
    return Chart(
        "classes-explained",
        "Classes that their neighbors explain",
        "The share of each folder's pictures whose nearest pictures are mostly in it, the lowest "
        "first; then the folder that most of the others are taken for. A low share means a class "
        f"that is hard to tell from others. {_drawn(len(shown), len(labels.explained))}",
        f"Bar chart of {len(labels.explained):,} classes, {percent(labels.share)} overall; "
        f"the lowest is {least.name} with {percent(least.share)}.",
        Bars(
            rows, "%", most=1.0, line=(labels.share, f"overall {percent(labels.share)}"),
            percent=True, columns=2,
        ).draw,
        (WIDE_PX, NARROW_PX),
        csv_text(
            (CLASS, "pictures", "explained", "share", "taken_for", "taken"),
            [
                (cell(one.name), one.pictures, one.explained, f"{one.share:.4f}",
                 cell(one.taken_for), one.taken)
                for one in labels.explained
            ],
        ),
    )  # fmt: skip


def _explained(one: Explained) -> str:
    taken = f" · {one.taken_for} {one.taken:,}" if one.taken else ""
    return f"{percent(one.share)} of {one.pictures:,}{taken}"


def _leak_chart(training: Training, catalog: Catalog, thumbnails: Thumbnails) -> Chart:
    shown, splits = training.leaks[:_PAIRS], training.sorted.splits
    ids = [i for leak in shown for i in (leak.one, leak.other)]
    captions = [
        text
        for leak in shown
        for text in (splits[leak.one], f"{splits[leak.other]} · {_kind(leak)}")
    ]
    count = counted(len(training.leaks), "pair")
    return Chart(
        "split-copies",
        "The same pictures in two splits",
        "Pairs, side by side: the first of each is in the earlier of train, validation and test. "
        "Identical files first, then the same picture in another file, then similar ones, which "
        f"are to be looked at. {_drawn(len(shown), len(training.leaks), 'pairs')}",
        f"Pairs of pictures: {count} in two splits.",
        Sheet([Row("", "", ids, captions)], thumbnails, lines=6, side_px=_SIDE_PX, step=2).draw,
        (WIDE_PX, NARROW_PX),
        _leak_table(training, catalog),
    )


def _leak_table(training: Training, catalog: Catalog) -> str:
    splits, leaks = training.sorted.splits, training.leaks
    others = catalog.entries(leak.other for leak in leaks)
    columns: dict[str, Sequence[object]] = {
        "split": [splits[leak.one] for leak in leaks],
        "other_path": [entry.path for entry in others],
        "other_root": [entry.root for entry in others],
        "other_split": [splits[leak.other] for leak in leaks],
        "kind": [leak.kind for leak in leaks],
        "similarity": [leak.similarity for leak in leaks],
    }
    return picture_table(catalog, (leak.one for leak in leaks), columns)


def _kind(leak: Leak) -> str:
    return _KINDS.get(leak.kind, leak.kind)


def _diverse_chart(diverse: Diverse, catalog: Catalog, thumbnails: Thumbnails) -> Chart:
    ids, distances = diverse.ids.tolist(), diverse.distances.tolist()
    captions = ["the most typical", *(f"{distance:.2f}" for distance in distances[1:])]
    shown = ids[:_DIVERSE]
    listed = "The table lists them"
    if len(shown) < len(ids):
        listed = f"The first {len(shown)} are drawn, the table lists all"
    return Chart(
        "diverse",
        f"A diverse subset of {counted(len(ids), 'picture')}",
        "k-center, farthest first: after the most typical picture always the one that is farthest "
        "from all before it, with its cosine distance to the nearest of them. Pictures unlike all "
        f"others come early. {listed} in this order, so its first lines are a smaller subset; "
        "`--diverse N` gives another number.",
        f"Thumbnails of {counted(len(shown), 'picture')}; every other one is within a cosine "
        f"distance of {diverse.radius:.2f} of one of the subset.",
        # As many lines as they need, on phones too.
        Sheet([Row("", "", shown, captions)], thumbnails, len(shown), _SIDE_PX).draw,
        (WIDE_PX, NARROW_PX),
        picture_table(catalog, ids, {"distance": distances}),
    )


def _drawn(shown: int, all_: int, what: str = "rows") -> str:
    if shown == all_:
        return "The table lists the same."
    return f"The first {shown} of {all_:,} {what}; the table lists all."
