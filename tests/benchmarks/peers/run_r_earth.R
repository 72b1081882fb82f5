# R's earth on binary tables: Rscript run_r_earth.R TRAIN TEST ROWS COLUMNS NK WEIGHTS REPEATS
#
# TRAIN and TEST hold doubles by columns: the features, y, the row weights; TEST has 10,000 rows. NK 0: R's default.
# Prints one line: version, least elapsed and processor seconds of the earth() call alone, GCV, GRSq, test R2, terms, and
# peak memory in MiB.
suppressMessages(library(earth))
a <- commandArgs(TRUE)
p <- as.integer(a[4]); nk <- as.integer(a[5]); weighted <- a[6] == "1"
read <- function(file, rows) matrix(readBin(file, "double", rows * (p + 2)), rows)
train <- read(a[1], as.integer(a[3])); test <- read(a[2], 10000L)
x <- train[, 1:p]; y <- train[, p + 1]; w <- if (weighted) train[, p + 2] else NULL
seconds <- sapply(seq_len(as.integer(a[7])), function(i) {
  t <- system.time(m <<- if (nk > 0) earth(x, y, weights = w, degree = 2, nk = nk) else earth(x, y, weights = w, degree = 2))
  c(t[["elapsed"]], t[["user.self"]] + t[["sys.self"]])
})
z <- test[, p + 1]
r2 <- 1 - sum((z - predict(m, test[, 1:p]))^2) / sum((z - mean(z))^2)
peak <- as.numeric(sub("[^0-9]*([0-9]+).*", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
cat(as.character(packageVersion("earth")), min(seconds[1, ]), min(seconds[2, ]), m$gcv, m$grsq, r2, length(m$selected.terms),
    peak, "\n")
