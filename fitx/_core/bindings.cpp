// The only file that knows Python: one register_<area>(m) a kernel file.
#include <nanobind/nanobind.h>

NB_MODULE(_native, m) { m.doc() = "fitx's compiled kernels: arrays in, arrays out."; }
