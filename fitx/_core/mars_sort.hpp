// Rows in the order of a falling column.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace fitx {

// Sorts order by falling x, equal values by falling row: a radix sort of the bits, 11 at a time, steps in which all are
// equal left out. x holds the values of the rows in `order` on entry and the sorted values on return.
inline void sort_falling(std::vector<int32_t>& order, std::vector<double>& x) {
    const size_t n = order.size();
    struct Item { uint64_t key; int32_t row; };
    std::vector<Item> a(n), b(n);
    std::vector<uint32_t> counts(6 * 2048, 0);
    for (size_t i = 0; i < n; i++) {
        const size_t from = n - 1 - i;  // stable, so equal values keep the falling order of rows
        uint64_t u;
        const double v = x[from] + 0.0;  // no negative zero
        std::memcpy(&u, &v, 8);
        u = (u >> 63) ? u : ~(u | (1ull << 63));  // rising keys for falling values
        a[i] = {u, order[from]};
        for (int d = 0; d < 6; d++) counts[d * 2048 + ((u >> (11 * d)) & 2047)]++;
    }
    for (int d = 0; d < 6; d++) {
        uint32_t* c = counts.data() + d * 2048;
        bool single = false;
        uint32_t sum = 0;
        for (int k = 0; k < 2048; k++) {
            single |= c[k] == n;
            const uint32_t here = c[k];
            c[k] = sum;
            sum += here;
        }
        if (single) continue;
        for (const Item& item : a) b[c[(item.key >> (11 * d)) & 2047]++] = item;
        std::swap(a, b);
    }
    for (size_t i = 0; i < n; i++) {
        const uint64_t u = (a[i].key >> 63) ? a[i].key : ~(a[i].key | (1ull << 63));
        order[i] = a[i].row;
        std::memcpy(&x[i], &u, 8);
    }
}

}  // namespace fitx
