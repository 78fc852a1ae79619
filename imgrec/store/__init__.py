"""The store on disk: the folder that indexing writes and everything else reads.

`paths` names every file, `parts` is the unit of commit, `store` opens it all; `damage`,
`set_aside` and `restore` find, move away and make again what is damaged.
"""
