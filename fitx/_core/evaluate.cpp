// Tiles of rows times blocks of programs, shared out among threads. Every value depends on its own row alone and runs
// through vector code (a short last vector is padded), so neither tiles nor threads show in the result.
#include "evaluate.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "evaluate_compile.hpp"
#include "parallel.hpp"

namespace fitx {
namespace {

constexpr size_t tile_bytes = 4096;          // of a column: some ten columns and slots stay in L1
constexpr size_t scratch_bytes = 256 << 10;  // of a program's slots: stay in L2
constexpr size_t block = 16;                 // programs a work item
constexpr size_t chunk_tokens = 1 << 20;     // compiled at a time
constexpr double worth_a_thread = 2e6;       // operator evaluations (some 0.3 ms)

size_t round_up(size_t x, size_t to) { return (x + to - 1) / to * to; }

template <class T> struct Scratch {
    explicit Scratch(size_t size) : memory(new T[size + 64 / sizeof(T)]) {
        data = memory.get();
        while (reinterpret_cast<uintptr_t>(data) % 64 != 0) data++;
    }
    std::unique_ptr<T[]> memory;
    T* data;
};

template <class T> class Evaluation {
public:
    Evaluation(const Compiler<T>& compiler, const TileKernel<T>& kernel, const T* columns, size_t d, size_t n)
        : compiler_(compiler), kernel_(kernel), columns_(columns), n_(n) {
        const size_t lanes = kernel.lanes, most = tile_bytes / sizeof(T);
        const size_t tiles = std::max<size_t>(1, (n + most - 1) / most);
        tile_ = round_up((n + tiles - 1) / tiles, lanes);
        tiles_ = (n + tile_ - 1) / tile_;
        padded_ = n % lanes != 0;
        if (padded_) {  // the last tile's columns, their last value repeated up to a whole vector
            tail_ = std::make_unique<T[]>(d * tile_);
            const size_t start = (tiles_ - 1) * tile_, rows = n - start;
            for (size_t j = 0; j < d; j++)
                if (compiler.used_columns()[j]) {
                    T* to = tail_.get() + j * tile_;
                    std::copy_n(columns + j * n + start, rows, to);
                    std::fill(to + rows, to + round_up(rows, lanes), to[rows - 1]);
                }
        }
        size_t instructions = 0;
        for (const CompiledProgram& program : compiler.compiled) {
            scratch_ = std::max(scratch_, program.slots * sub_tile(program));
            instructions += program.count;
        }
        work_ = static_cast<double>(instructions) * static_cast<double>(n);
    }

    void run(size_t threads, T* out) {
        const size_t blocks = (compiler_.compiled.size() + block - 1) / block;
        const size_t items = tiles_ * blocks;
        threads = std::min({threads, items, static_cast<size_t>(kMostThreads), static_cast<size_t>(1 + work_ / worth_a_thread)});
        std::vector<Scratch<T>> scratch;  // allocated here, where running out of memory can be reported
        for (size_t i = 0; i < threads; i++) scratch.emplace_back(scratch_ + tile_);
        std::vector<std::thread> pool;
        pool.reserve(threads);
        std::atomic<size_t> next{0};
        const auto worker = [&](T* slots) {
            for (size_t item; (item = next.fetch_add(1)) < items;) {
                const size_t first = item % blocks * block;
                const size_t last = std::min(first + block, compiler_.compiled.size());
                for (size_t p = first; p < last; p++) run_tile(p, item / blocks, slots, out + p * n_);
            }
        };
        for (size_t i = 1; i < threads; i++) {
            try {
                pool.emplace_back(worker, scratch[i].data);
            } catch (const std::system_error&) {
                break;  // no more threads to be had: those that run do the work
            }
        }
        worker(scratch[0].data);
        for (std::thread& thread : pool) thread.join();
    }

private:
    size_t sub_tile(const CompiledProgram& program) const {
        const size_t lanes = kernel_.lanes;
        const size_t fit = scratch_bytes / sizeof(T) / std::max(program.slots, 1);
        return std::min(tile_, std::max(fit / lanes * lanes, lanes));
    }

    void run_tile(size_t p, size_t tile, T* slots, T* out) const {
        const CompiledProgram& program = compiler_.compiled[p];
        const size_t lanes = kernel_.lanes, step = sub_tile(program);
        const size_t start = tile * tile_, end = std::min(start + tile_, n_);
        const bool tail = padded_ && tile + 1 == tiles_;
        const T* columns = tail ? tail_.get() : columns_ + start;
        const size_t stride = tail ? tile_ : n_;
        for (size_t row = start; row < end; row += step) {
            const size_t rows = std::min(step, end - row), whole = round_up(rows, lanes);
            T* spare = slots + program.slots * step;
            T* to = whole == rows ? out + row : spare;
            const Tile<T> work{columns + (row - start), static_cast<ptrdiff_t>(stride), slots,
                               static_cast<ptrdiff_t>(step), compiler_.constants(), to, static_cast<int>(whole)};
            kernel_.run(compiler_.instructions.data() + program.first, program.count, work);
            if (to == spare) std::copy_n(spare, rows, out + row);
        }
    }

    const Compiler<T>& compiler_;
    const TileKernel<T>& kernel_;
    const T* columns_;
    size_t n_, tile_ = 0, tiles_ = 0, scratch_ = 0;
    bool padded_ = false;
    double work_ = 0;
    std::unique_ptr<T[]> tail_;
};

const TileKernel<double>& kernel_of(double) { return evaluate_kernels_active().f64; }
const TileKernel<float>& kernel_of(float) { return evaluate_kernels_active().f32; }

}  // namespace

template <class T>
void evaluate(const Programs& programs, const T* columns, size_t d, size_t n, int threads, T* out) {
    const TileKernel<T>& kernel = kernel_of(T());
    Compiler<T> compiler(programs, d, kernel);
    for (size_t first = 0; first < programs.count;) {
        size_t last = first + 1;
        // Unsigned, for offsets are looked at by the compiler only.
        const auto offset = [&](size_t p) { return static_cast<uint64_t>(programs.offsets[p]); };
        while (last < programs.count && offset(last + 1) - offset(first) < chunk_tokens) last++;
        compiler.compile(first, last);
        if (n > 0) {
            Evaluation<T> evaluation(compiler, kernel, columns, d, n);
            evaluation.run(static_cast<size_t>(std::max(threads, 1)), out + first * n);
        }
        first = last;
    }
}

template void evaluate<double>(const Programs&, const double*, size_t, size_t, int, double*);
template void evaluate<float>(const Programs&, const float*, size_t, size_t, int, float*);

}  // namespace fitx
