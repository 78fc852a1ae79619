"""Where pictures come from: one protocol, `PictureSource`, and the folder as its implementation."""
