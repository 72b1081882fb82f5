#include "search_driver.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "parallel.hpp"

namespace fitx {
namespace {

bool before(const PairHit& a, const PairHit& b) {
  if (a.score != b.score) return a.score > b.score;
  return a.first != b.first ? a.first < b.first : a.second < b.second;
}
bool before(const TripleHit& a, const TripleHit& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.first != b.first) return a.first < b.first;
  return a.second != b.second ? a.second < b.second : a.third < b.third;
}

template <class B>
void keep_best(B& best) {
  if (best.count > best.keep) {
    std::nth_element(best.hits, best.hits + best.keep - 1, best.hits + best.count,
                     [](const auto& a, const auto& b) { return before(a, b); });
    best.count = best.keep;
    // A little below the last one kept, so that hits of equal score are still compared by index: the result must not
    // depend on which thread met them first.
    const auto last = best.hits[best.keep - 1].score;
    best.threshold = std::max(best.threshold, last - (decltype(last))1e-13 * last);
  }
}

// Runs work(piece, lists) for each piece on threads with lists of their own, and merges these.
template <class Hit, class Score, class Work>
std::vector<std::vector<Hit>> gather(int targets, int64_t keep, const Score* threshold, int64_t first, int64_t last,
                                     int threads, Work work) {
  threads = (int)std::clamp<int64_t>(last - first, 1, std::clamp(threads, 1, kMostThreads));
  std::vector<std::vector<Hit>> all(targets);
  std::atomic<int64_t> next{last};
  std::mutex lock;
  parallel(threads, 1, threads, [&](int64_t, int64_t) {
    const size_t capacity = 4 * (size_t)keep + 64;
    std::vector<Hit> memory(capacity * targets);
    std::vector<Best<Hit, Score>> best(targets);
    for (int t = 0; t < targets; ++t)
      best[t] = {memory.data() + t * capacity, 0, (size_t)keep, capacity, threshold[t]};
    // The longest pieces (the last ones) first.
    for (int64_t p; (p = next.fetch_sub(1) - 1) >= first;) work(p, best.data());
    std::lock_guard<std::mutex> guard(lock);
    for (int t = 0; t < targets; ++t) all[t].insert(all[t].end(), best[t].hits, best[t].hits + best[t].count);
  });
  for (auto& hits : all) {
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return before(a, b); });
    if ((int64_t)hits.size() > keep) hits.resize(keep);
  }
  return all;
}

}  // namespace

void shrink(BestPairs& best) { keep_best(best); }
void shrink(BestTriples& best) { keep_best(best); }

std::vector<std::vector<PairHit>> best_pairs(const float* panels, int rows, int64_t features, const float* rho,
                                             const double* rho64, int targets, int64_t padded, int64_t first,
                                             int64_t last, int64_t keep, const double* threshold, int threads) {
  const SearchKernels& kernel = search_kernels_active();
  keep = std::min(keep, std::max<int64_t>(features * (features - 1) / 2, 1));  // there are no more
  return gather<PairHit>(targets, keep, threshold, first, last, threads, [&](int64_t block, BestPairs* best) {
    kernel.pairs(panels, rows, features, padded, block, rho, rho64, targets, best);
  });
}

std::vector<std::vector<TripleHit>> best_triples(const double* gram, int64_t ld, const double* rho, int targets,
                                                 int64_t first, int64_t last, int64_t keep, const double* threshold,
                                                 int threads) {
  const SearchKernels& kernel = search_kernels_active();
  keep = std::min(keep, std::max<int64_t>(last * (last - 1) / 2 * (last - 2) / 3, 1));
  return gather<TripleHit>(targets, keep, threshold, first, last, threads, [&](int64_t j, BestTriples* best) {
    kernel.triples(gram, ld, j, rho, targets, best);
  });
}

}  // namespace fitx
