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

// An array that is taken as it is: no copy, so its type, order and alignment must be right.
template <class T, int N>
struct In : nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu> {
  using Base = nb::ndarray<const T, nb::ndim<N>, nb::c_contig, nb::device::cpu>;
  In() = default;
  explicit In(const Base& base) : Base(base) {}
};
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

namespace nanobind::detail {

// nanobind does not look at the alignment.
template <class T, int N>
struct type_caster<fitx::In<T, N>> {
  using Base = typename fitx::In<T, N>::Base;
  using Value_ = fitx::In<T, N>;
  NB_TYPE_CASTER(Value_, make_caster<Base>::Name)

  bool from_python(handle source, uint8_t flags, cleanup_list* cleanup) noexcept {
    make_caster<Base> caster;
    if (!caster.from_python(source, flags, cleanup)) return false;
    if (reinterpret_cast<uintptr_t>(caster.value.data()) % alignof(T) != 0) return false;
    value = Value_(caster.value);
    return true;
  }
};

}  // namespace nanobind::detail
