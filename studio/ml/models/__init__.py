"""Networks: torchvision encoders, the light U-Net and the keypoint head on top of them."""
