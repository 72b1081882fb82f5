// NumPy arrays in and out of the bindings.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <new>
#include <stdexcept>

namespace fitx {

namespace nb = nanobind;

template <class T, int N>
using In = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<nb::numpy, T>;

// A NumPy array that owns its memory, which is not set, or of zeros. MemoryError where there is not so much.
template <class T>
Out<T> fresh(std::initializer_list<size_t> shape, T** data, bool zero = false) {
  size_t n = sizeof(T);
  bool empty = false;
  for (size_t s : shape) {
    if (s == 0) empty = true;
    else if (n > PTRDIFF_MAX / s) throw std::bad_alloc();
    else n *= s;
  }
  if (empty) n = sizeof(T);
  *data = static_cast<T*>(zero ? std::calloc(n, 1) : std::malloc(n));
  if (!*data) throw std::bad_alloc();
  nb::capsule owner(*data, [](void* p) noexcept { std::free(p); });
  return Out<T>(*data, shape.size(), shape.begin(), owner);
}

template <class T>
Out<T> zeros(std::initializer_list<size_t> shape, T** data) {
  return fresh(shape, data, true);
}

// ValueError where it does not hold.
inline void check(bool ok, const char* message) {
  if (!ok) throw std::invalid_argument(message);
}

}  // namespace fitx
