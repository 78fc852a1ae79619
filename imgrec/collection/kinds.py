"""The kinds of label that imgrec itself writes.

A label is (picture, kind, value). Stages share what they found by labels alone: one writes
them, others read them by the kind's name, without importing each other. So the names are a
contract, and this is the one place that spells them. Other kinds may be in a catalog too.
"""

# The name of the folder a picture lies in; written by the rescan.
FOLDER = "folder"
# The most probable class of a picture, and its probability as text, 0.00 to 1.00.
CLASS = "class"
CONFIDENCE = "confidence"
# The word for a picture's dominant color.
COLOR = "color"
# The number of a picture's k-means cluster.
CLUSTER = "cluster"
# The path of a picture's community in the tree of communities: 3.1 lies within 3.
COMMUNITY = "community"
# The id of the file to keep, of files that are the same picture; it has this label too.
DUPLICATES = "duplicates"
# The id of the first picture of a group in which not all are the same: to be looked at.
SIMILAR = "similar"
# The id of the picture that represents a bundle of near-duplicates in the network.
BUNDLE = "bundle"
# The name of a selection that a person made; a picture may be in several.
COLLECTION = "collection"

# Kinds whose values are paths: whoever asks for 3 means 3.1 too.
NESTED = frozenset({COMMUNITY})
