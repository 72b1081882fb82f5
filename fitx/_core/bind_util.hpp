// NumPy arrays in and out of the bindings.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

namespace fitx {

namespace nb = nanobind;

template <class T, int N>
using In = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<nb::numpy, T>;

// A NumPy array that owns its memory, which is not set.
template <class T>
Out<T> fresh(std::initializer_list<size_t> shape, T** data) {
  size_t n = 1;
  for (size_t s : shape) n *= s;
  *data = new T[n ? n : 1];
  nb::capsule owner(*data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
  return Out<T>(*data, shape.size(), shape.begin(), owner);
}

// The same, of zeros.
template <class T>
Out<T> zeros(std::initializer_list<size_t> shape, T** data) {
  auto out = fresh(shape, data);
  std::fill_n(*data, out.size(), T{});
  return out;
}

// ValueError where it does not hold.
inline void check(bool ok, const char* message) {
  if (!ok) throw std::invalid_argument(message);
}

}  // namespace fitx
