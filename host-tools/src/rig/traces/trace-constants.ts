// What `fitTrace` gives on the recorded traces (their sources and licences: trace-file.ts), at the
// quantiles of trace-model.ts. Copied from its output; a test compares them with a new fit.

import type { TraceName } from "./trace-file";
import type { TraceModel } from "./trace-model";

export const TRACE_MODELS: Readonly<Record<TraceName, TraceModel>> = {
  "azure-code": {
    gapRatio: [
      0.000015, 0.0000568, 0.000226, 0.000536, 0.00227, 0.00304, 0.00533, 0.00845, 0.0388, 0.164,
      0.244, 0.257, 0.267, 0.411, 0.51, 0.7, 1.03, 1.53, 5.66, 25.6, 203, 557,
    ],
    promptTokens: [
      3, 17, 75, 147, 232, 386, 578, 770, 1080, 1470, 1910, 2430, 2740, 3190, 3920, 5190, 7300,
      7440, 7440, 7440, 7440, 7440,
    ],
    outputTokens: [
      6, 6, 6, 7, 7, 8, 9, 9, 11, 13, 16, 20, 24, 29, 39, 55, 90, 128, 251, 359, 825, 1900,
    ],
  },
  "mooncake-chat": {
    gapRatio: [
      0.0000413, 0.0091, 0.0455, 0.101, 0.162, 0.219, 0.284, 0.354, 0.503, 0.689, 0.919, 1.2, 1.38,
      1.61, 1.88, 2.3, 3.07, 3.58, 4.67, 5.23, 6.71, 8.27,
    ],
    promptTokens: [
      891, 894, 901, 964, 1260, 1660, 2310, 3260, 4990, 6910, 9570, 13200, 15400, 17900, 21500,
      27400, 39600, 52200, 85400, 101000, 121000, 126000,
    ],
    outputTokens: [
      1, 3, 10, 24, 46, 100, 157, 213, 291, 350, 399, 447, 472, 504, 543, 597, 698, 800, 1120, 1570,
      2000, 2000,
    ],
  },
};
