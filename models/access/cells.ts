/** Cells of the histograms: hour of the day, on working days and at weekends. */
export const cells = 48;
/** Lower ends of the bins of hours since the last access. */
export const recencyEdges = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 17, 19, 21, 23, 25, 31, 49, 73, 121] as const;
export const recencyBins = recencyEdges.length;
