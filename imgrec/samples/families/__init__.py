"""The families of sample pictures, one module each, all with a function `render`."""
