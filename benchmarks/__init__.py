"""How fast the product is, as ratios within one run; what each figure means stands in docs/benchmarks.md."""
