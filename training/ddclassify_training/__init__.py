"""Training, evaluation and corpus tools of ddclassify; the library itself never imports this package."""
