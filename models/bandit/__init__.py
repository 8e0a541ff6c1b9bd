"""Thompson sampling in contexts, with exact propensities, delayed rewards and changepoints."""
