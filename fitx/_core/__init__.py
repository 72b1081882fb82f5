"""The only door to the compiled kernels (C++, nanobind): arrays in, arrays out, without the GIL."""
