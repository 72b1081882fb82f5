// A loop over independent pieces of work on a few threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace fitx {

// Runs f(begin, end) over [0, count) in pieces of `grain`; pieces go to whichever thread is free, so f must not depend
// on their order.
template <class F>
void parallel(int64_t count, int64_t grain, int threads, F f) {
  const int64_t pieces = (count + grain - 1) / grain;
  threads = (int)std::max<int64_t>(1, std::min<int64_t>(threads, pieces));
  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t p; (p = next.fetch_add(1)) < pieces;) f(p * grain, std::min(count, (p + 1) * grain));
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (std::thread& t : others) t.join();
}

}  // namespace fitx
