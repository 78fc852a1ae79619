"""The families of sample pictures: one module each, with a function `render(canvas, rng)`."""
