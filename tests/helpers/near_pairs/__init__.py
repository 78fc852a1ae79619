"""Generated pairs of pictures whose true relation is known: different though near, same, similar.

A proof that no file is called a copy without being one needs many pairs that nearly are. Each kind
of picture is a pure function of a `Look` (style: size, type, colors, language) and a `Content`
(numbered choices: digits, words, positions). Two pictures of one look whose contents differ in one
choice are a near pair, different by construction.
"""
