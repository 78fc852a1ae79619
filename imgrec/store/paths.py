"""Every file and folder name of a store, spelled once.

    STORE/
        store.json                     format version and settings: makes a folder a store
        catalog.sqlite                 roots, images, labels
        roots.json                     the roots once more, to restore a lost catalog
        colors.json                    version of the rule that made the labels `color`
        graph.json                     where the network site lies
        pulled.json                    which store in object storage it mirrors
        damaged.json                   parts that the doctor found damaged, for the next run
        lock                           held by the one process that writes
        features/<feature>/            feature.json, part-000000/, …
        thumbs/                        part-000000/, …
        previews/                      part-000000/, …, where they are wanted
        classes/<encoder>/             classes.json, part-000000/, …
        classes/labels.json            whose classes the labels `class` and `confidence` are
        relations/<relation>/          the mean of a relation such as lite0+mini
        indexes/<feature>/<recipe>/    rows derived from vectors: sketch, HNSW, PCA
        knn/<feature>/                 the k-NN graph
        layouts/<feature>/             UMAP and t-SNE positions, of all pictures and of pages
        communities/                   partitions of the network, for the next run to continue
        projector/<feature>/           the projector's pages
        duplicates/                    similarities of pairs of pictures, by their thumbnails
        verdicts/                      verdicts on pairs of pictures, by their files
        damaged/                       parts and folders that were set aside
        cluster/                       plan and results of a run on a cluster, until it is done

What is derived from a relation lies where that of a feature does, under the relation's name.

The folder of a feature is its name, percent-encoded where a file system could not take it
(`imgrec.system.folder_names`). All paths are relative to the store's folder, so a store can be
moved or copied. This module only composes names; it never looks at the disk. Parts name their own
files: see `imgrec.store.parts`.
"""

from dataclasses import dataclass
from pathlib import Path

from imgrec.system.folder_names import folder_name

CATALOG = "catalog.sqlite"
LOCK = "lock"
FEATURES, THUMBS, PREVIEWS, CLASSES = "features", "thumbs", "previews", "classes"
FEATURE_DESCRIPTION = "feature.json"
CLASSES_DESCRIPTION = "classes.json"


@dataclass(frozen=True)
class StorePaths:
    """The paths of one store, whether or not anything exists there.

    Attributes:
        root: the store's folder.
    """

    root: Path

    @property
    def manifest(self) -> Path:
        """The file that makes a folder a store: format version and settings."""
        return self.root / "store.json"

    @property
    def catalog(self) -> Path:
        """The SQLite file."""
        return self.root / CATALOG

    @property
    def lock(self) -> Path:
        """The lock file of the one process that writes."""
        return self.root / LOCK

    @property
    def roots(self) -> Path:
        """The copy of the catalog's roots, from which a lost catalog is restored."""
        return self.root / "roots.json"

    @property
    def colors(self) -> Path:
        """The version of the rule that made the labels `color`."""
        return self.root / "colors.json"

    @property
    def site_link(self) -> Path:
        """Where the network site of this store lies."""
        return self.root / "graph.json"

    @property
    def serving(self) -> Path:
        """Where this store is being served, while it is."""
        return self.root / "serving.json"

    @property
    def pulled(self) -> Path:
        """Which store in object storage this one mirrors."""
        return self.root / "pulled.json"

    @property
    def reported_damage(self) -> Path:
        """The parts that the doctor found damaged, for the next run."""
        return self.root / "damaged.json"

    @property
    def set_aside(self) -> Path:
        """The folder of damaged parts and features that were moved out of the way."""
        return self.root / "damaged"

    @property
    def cluster(self) -> Path:
        """The folder of what a run on a cluster has planned and done, until it is in the store."""
        return self.root / "cluster"

    @property
    def features(self) -> Path:
        """The folder of all features."""
        return self.root / FEATURES

    def feature(self, name: str) -> Path:
        """Return the folder of a feature: its description and its parts."""
        return self.features / folder_name(name)

    def feature_description(self, name: str) -> Path:
        """Return the file that says how a feature was made."""
        return self.feature(name) / FEATURE_DESCRIPTION

    @property
    def thumbs(self) -> Path:
        """The folder of the thumbnails' parts."""
        return self.root / THUMBS

    @property
    def previews(self) -> Path:
        """The folder of the previews' parts."""
        return self.root / PREVIEWS

    @property
    def all_classes(self) -> Path:
        """The folder of the classes of all encoders."""
        return self.root / CLASSES

    def classes(self, encoder: str) -> Path:
        """Return the folder of the classes that an encoder found: description and parts."""
        return self.all_classes / folder_name(encoder)

    @property
    def class_labels(self) -> Path:
        """The file that says whose classes are the labels `class` and `confidence`."""
        return self.all_classes / "labels.json"

    @property
    def all_relations(self) -> Path:
        """The folder of the means of all relations."""
        return self.root / "relations"

    def relation(self, name: str) -> Path:
        """Return the folder of the mean of a relation."""
        return self.all_relations / folder_name(name)

    @property
    def all_indexes(self) -> Path:
        """The folder of the derived rows of all features."""
        return self.root / "indexes"

    def indexes(self, feature: str) -> Path:
        """Return the folder of the rows derived from a feature, one folder a recipe."""
        return self.all_indexes / folder_name(feature)

    @property
    def all_knn(self) -> Path:
        """The folder of the k-NN graphs of all features."""
        return self.root / "knn"

    def knn(self, feature: str) -> Path:
        """Return the folder of a feature's k-NN graph."""
        return self.all_knn / folder_name(feature)

    @property
    def all_layouts(self) -> Path:
        """The folder of the layouts of all features."""
        return self.root / "layouts"

    def layouts(self, feature: str) -> Path:
        """Return the folder of a feature's UMAP and t-SNE layouts."""
        return self.all_layouts / folder_name(feature)

    @property
    def communities(self) -> Path:
        """The folder of the partitions by which the communities were found."""
        return self.root / "communities"

    @property
    def all_projector(self) -> Path:
        """The folder of the projector's pages of all features."""
        return self.root / "projector"

    def projector(self, feature: str) -> Path:
        """Return the folder of what the projector keeps of a feature: its pages."""
        return self.all_projector / folder_name(feature)

    @property
    def duplicates(self) -> Path:
        """The folder of the similarities of pairs of pictures."""
        return self.root / "duplicates"

    @property
    def verdicts(self) -> Path:
        """The folder of the verdicts on pairs of pictures whose files were compared."""
        return self.root / "verdicts"
