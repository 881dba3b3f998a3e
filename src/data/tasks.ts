export type MetricId = 'accuracy' | 'f1' | 'macroF1' | 'matthews';
