// A loop over independent pieces of work on a few threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace fitx {

constexpr int kMostThreads = 512;  // however many are asked for

// Runs f(begin, end) over [0, count) in pieces of `grain`; pieces go to whichever thread is free, so f must not depend
// on their order. What f throws, on whichever thread, is thrown here once all have stopped. Where the machine gives
// fewer threads than wanted, those that run do the work.
template <class F>
void parallel(int64_t count, int64_t grain, int threads, F f) {
  const int64_t pieces = count > 0 ? (count - 1) / grain + 1 : 0;
  const int64_t wanted = std::min({(int64_t)threads, pieces, (int64_t)kMostThreads});
  std::atomic<int64_t> next{0};
  std::exception_ptr fault;
  std::mutex lock;
  const auto work = [&]() noexcept {
    try {
      for (int64_t p; (p = next.fetch_add(1)) < pieces;) f(p * grain, p + 1 < pieces ? (p + 1) * grain : count);
    } catch (...) {
      next = pieces;
      const std::lock_guard<std::mutex> guard(lock);
      if (!fault) fault = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve((size_t)std::max<int64_t>(wanted, 1));
  for (int64_t t = 1; t < wanted; ++t) {
    try {
      others.emplace_back(work);
    } catch (...) {
      break;
    }
  }
  work();
  for (std::thread& t : others) t.join();
  if (fault) std::rethrow_exception(fault);
}

}  // namespace fitx
