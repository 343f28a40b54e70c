"""Training in a notebook, in the words of fast.ai's lesson 3: `from studio.ml.notebook import *`.

It is a way of speaking to the engine and no engine of its own: what a chain of data blocks ends in becomes a snapshot,
and the tasks, batches, networks, schedules, finder and loop are those that a run's worker uses.
"""

from functools import partial
from pathlib import Path

import numpy as np
from torch import tensor

from studio.ml.notebook.chain import ImageFileList, LabelList, SplitData, SplitDatasets, get_image_files
from studio.ml.notebook.data_bunch import DataBunch, DatasetType
from studio.ml.notebook.interpretation import Interpretation
from studio.ml.notebook.labels import (
    ImageClassificationDataset,
    ImageMultiDataset,
    PointsDataset,
    SegmentationDataset,
)
from studio.ml.notebook.learner import Learner, create_cnn, lr_find, models, unet_learner
from studio.ml.notebook.measures import (
    BCEWithLogitsFlat,
    CrossEntropyFlat,
    LabelSmoothingCrossEntropy,
    MSELossFlat,
    accuracy,
    accuracy_thresh,
    error_rate,
    fbeta,
)
from studio.ml.notebook.pictures import Image, ImagePoints, ImageSegment, open_image, open_mask
from studio.ml.notebook.texts import (
    TextClasDataBunch,
    TextLMDataBunch,
    language_model_learner,
    text_classifier_learner,
)
from studio.ml.notebook.transforms import ResizeMethod, get_transforms, imagenet_stats

__all__ = [
    "ImageFileList",
    "LabelList",
    "SplitData",
    "SplitDatasets",
    "DataBunch",
    "DatasetType",
    "ImageClassificationDataset",
    "ImageMultiDataset",
    "SegmentationDataset",
    "PointsDataset",
    "get_image_files",
    "get_transforms",
    "ResizeMethod",
    "imagenet_stats",
    "Image",
    "ImagePoints",
    "ImageSegment",
    "open_image",
    "open_mask",
    "Learner",
    "create_cnn",
    "unet_learner",
    "lr_find",
    "models",
    "MSELossFlat",
    "CrossEntropyFlat",
    "LabelSmoothingCrossEntropy",
    "BCEWithLogitsFlat",
    "accuracy",
    "accuracy_thresh",
    "error_rate",
    "fbeta",
    "Interpretation",
    "TextLMDataBunch",
    "TextClasDataBunch",
    "language_model_learner",
    "text_classifier_learner",
    "Path",
    "np",
    "partial",
    "tensor",
]
