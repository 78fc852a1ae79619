"""Where pictures come from: one protocol, `PictureSource`, with the folder and the bucket."""
