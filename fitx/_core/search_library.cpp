#include "search_library.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <shared_mutex>

#include "opcodes.hpp"
#include "parallel.hpp"

namespace fitx {
namespace {

constexpr int kHalf = 12;  // largest exponent of a monomial, in halves

uint64_t mix(uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ (h >> 33);
}

// Key of a fingerprint at a resolution: equal expressions differ by rounding errors only.
uint64_t key_of(const double* fingerprint, double resolution) {
  uint64_t h = 0x9e3779b97f4a7c15ULL;
  for (int i = 0; i < 3; ++i) h = mix(h ^ (uint64_t)std::llround(fingerprint[i] * resolution)) + i;
  return h;
}

// The operators that `apply` knows; 0 and 1 are the identity and the reciprocal.
bool known(int32_t op) {
  return (op >= 0 && op <= op_pow) || (op >= op_sqrt && op <= op_abs) || op == op_min || op == op_max || op == op_logistic;
}

// Three fixed directions with entries in +-[0.5, 1.5]; any fixed numbers without structure will do.
std::vector<double> fixed_directions(int rows) {
  std::vector<double> out(3 * (size_t)rows);
  uint64_t state = 12345;
  for (double& v : out) {
    state = mix(state + 0x9e3779b97f4a7c15ULL);
    const double u = (double)(state >> 11) * 0x1p-53;
    v = (state & 1) ? 0.5 + u : -0.5 - u;
  }
  return out;
}

}  // namespace

KeySet::KeySet(size_t expected) {
  size_t n = 64;
  while (n < 2 * expected) n *= 2;
  slots_.reset(static_cast<uint64_t*>(std::calloc(n, sizeof(uint64_t))));  // pages that are never reached cost nothing
  if (!slots_) throw std::bad_alloc();
  mask_ = n - 1;
}

constexpr std::align_val_t kAligned{64};  // std::aligned_alloc is not there on Windows

void KeySet::Free::operator()(uint64_t* p) const { std::free(p); }

bool KeySet::insert(uint64_t key) {
  if (key == 0) key = 1;
  size_t p = key & mask_;
  for (; slots_[p]; p = (p + 1) & mask_)
    if (slots_[p] == key) return false;
  slots_[p] = key;
  return true;
}

void Library::Free::operator()(double* p) const { ::operator delete(p, kAligned); }

Library::Library(const double* columns, int64_t count, int rows, int64_t capacity)
    : columns_(count), rows_(rows), capacity_(capacity), directions_(fixed_directions(rows)), keys_(capacity) {
  // Pages that are never reached cost nothing.
  void* memory = ::operator new(((size_t)capacity * rows * 8 + 63) / 64 * 64, kAligned);
  values_.reset(static_cast<double*>(memory));
  powers_.resize((size_t)count * (2 * kHalf + 1) * rows);
  for (int64_t k = 0; k < count; ++k)
    for (int e = -kHalf; e <= kHalf; ++e)
      for (int i = 0; i < rows; ++i) {
        const double x = columns[k * rows + i];
        double p = (e & 1) ? std::sqrt(std::fabs(x)) : 1.0;
        for (int j = 0; j < std::abs(e) / 2; ++j) p *= x;
        powers_[((size_t)k * (2 * kHalf + 1) + e + kHalf) * rows + i] = e < 0 ? 1 / p : p;
      }
}

int64_t Library::size() const {
  const std::shared_lock<std::shared_mutex> reading(use_);
  return size_;
}

int64_t Library::tried() const {
  const std::shared_lock<std::shared_mutex> reading(use_);
  return tried_;
}

void Library::copy(const int32_t* ids, int64_t m, double* out) const {
  const std::shared_lock<std::shared_mutex> reading(use_);
  for (int64_t q = 0; q < m; ++q) {
    if (ids[q] < 0 || ids[q] >= size_) throw std::invalid_argument("no such expression in the library");
    std::memcpy(out + q * rows_, values(ids[q]), sizeof(double) * rows_);
  }
}

template <class Evaluate>
void Library::append(int64_t m, int64_t limit, int threads, int32_t* ids, Evaluate evaluate) {
  constexpr int64_t kChunk = 2048;  // evaluated side by side, then entered in order
  const LibraryKernels& kernel = library_kernels_active();
  limit = std::min(limit, capacity_);
  std::unique_ptr<double[]> scratch(new double[(size_t)kChunk * rows_]);
  std::vector<uint64_t> keys(kChunk);
  for (int64_t start = 0; start < m; start += kChunk) {
    const int64_t n = std::min(kChunk, m - start);
    if (size_ >= limit) {
      std::fill(ids + start, ids + m, -2);
      return;
    }
    parallel(n, 256, threads, [&](int64_t begin, int64_t end) {
      double print[3];
      for (int64_t q = begin; q < end; ++q) {
        double* out = scratch.get() + q * rows_;
        evaluate(kernel, start + q, out);
        keys[q] = kernel.fingerprint(out, directions_.data(), rows_, print) ? key_of(print, 0x1p36) | 1 : 0;
      }
    });
    tried_ += n;
    for (int64_t q = 0; q < n; ++q) {
      int32_t& id = ids[start + q];
      if (size_ >= limit) {
        id = -2;
      } else if (keys[q] == 0 || !keys_.insert(keys[q])) {
        id = -1;
      } else {
        std::memcpy(values_.get() + size_ * rows_, scratch.get() + q * rows_, sizeof(double) * rows_);
        id = (int32_t)size_++;
      }
    }
  }
}

void Library::extend(const int32_t* op, const int32_t* a, const int32_t* b, const double* scale, const double* offset,
                     int64_t m, int64_t limit, int threads, int32_t* ids) {
  const std::unique_lock<std::shared_mutex> writing(use_);
  for (int64_t q = 0; q < m; ++q) {
    if (!known(op[q])) throw std::invalid_argument("no such operator in the library: " + std::to_string(op[q]));
    if (a[q] < 0 || a[q] >= size_ || b[q] >= size_) throw std::invalid_argument("argument out of the library");
  }
  append(m, limit, threads, ids, [=](const LibraryKernels& kernel, int64_t q, double* out) {
    kernel.apply(op[q], values(a[q]), values(b[q] < 0 ? a[q] : b[q]), scale[q], offset[q], out, rows_);
  });
}

void Library::extend_monomials(const int8_t* exponents, int64_t m, int64_t limit, int threads, int32_t* ids) {
  const std::unique_lock<std::shared_mutex> writing(use_);
  for (int64_t q = 0; q < m * columns_; ++q)
    if (exponents[q] < -kHalf || exponents[q] > kHalf) throw std::invalid_argument("exponent out of range");
  append(m, limit, threads, ids, [=](const LibraryKernels& kernel, int64_t q, double* out) {
    std::fill(out, out + rows_, 1.0);
    for (int64_t k = 0; k < columns_; ++k)
      if (const int e = exponents[q * columns_ + k])
        kernel.apply(4, out, powers_.data() + ((size_t)k * (2 * kHalf + 1) + e + kHalf) * rows_, 1, 0, out, rows_);
  });
}

void Library::project(const int32_t* order, int64_t m, bool log, const double* weight, const double* basis, int count,
                      int threads, std::vector<float>& panels, std::vector<int32_t>& kept) const {
  const std::shared_lock<std::shared_mutex> reading(use_);
  constexpr int64_t kChunk = 2048;
  const LibraryKernels& kernel = library_kernels_active();
  std::unique_ptr<double[]> scratch(new double[(size_t)kChunk * rows_]);
  std::vector<uint64_t> keys(kChunk);
  KeySet seen(m);
  panels.reserve((size_t)(m + kPanel - 1) / kPanel * kPanel * rows_);  // pages that are never reached cost nothing
  for (int64_t q = 0; q < m; ++q)
    if (order[q] < 0 || order[q] >= size_) throw std::invalid_argument("no such expression in the library");
  for (int64_t start = 0; start < m; start += kChunk) {
    const int64_t n = std::min(kChunk, m - start);
    parallel(n, 128, threads, [&](int64_t begin, int64_t end) {
      double print[3];
      for (int64_t q = begin; q < end; ++q) {
        double* out = scratch.get() + q * rows_;
        // Coarser than in `append`: the projection has magnified the rounding errors. A constant direction is one of
        // the basis, so a fingerprint exists; if not, the vector is of no use.
        keys[q] = kernel.project(values(order[start + q]), log, weight, basis, count, rows_, out) &&
                          kernel.fingerprint(out, directions_.data(), rows_, print)
                      ? key_of(print, 0x1p24) | 1
                      : 0;
      }
    });
    for (int64_t q = 0; q < n; ++q) {
      if (keys[q] == 0 || !seen.insert(keys[q])) continue;
      const size_t i = kept.size();
      if (i % kPanel == 0) panels.resize(panels.size() + (size_t)rows_ * kPanel, 0.0f);
      float* panel = panels.data() + i / kPanel * rows_ * kPanel + i % kPanel;
      for (int k = 0; k < rows_; ++k) panel[(size_t)k * kPanel] = (float)scratch[q * rows_ + k];
      kept.push_back(order[start + q]);
    }
  }
}

}  // namespace fitx
