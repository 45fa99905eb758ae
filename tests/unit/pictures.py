"""Pictures and colour profiles that tests make."""

import io
import struct

import numpy as np
import tifffile
from PIL import Image

# Linear RGB to XYZ with the white of daylight D65, and Bradford's adaptation to D50: not the tables of the code under
# test, which are rounded and adapted already.
ADOBE_D65 = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]])
P3_D65 = np.array([[0.48657, 0.26567, 0.19822], [0.22897, 0.69174, 0.07929], [0.0, 0.04511, 1.04394]])
SRGB_D65 = np.array([[0.41246, 0.35758, 0.18044], [0.21267, 0.71515, 0.07218], [0.01933, 0.11919, 0.95030]])
D65_TO_D50 = np.array([[1.04781, 0.02289, -0.05013], [0.02954, 0.99048, -0.01705], [-0.00923, 0.01504, 0.75213]])
PROPHOTO_D50 = np.array([[0.7976749, 0.1351917, 0.0313534], [0.2880402, 0.7118741, 0.0000857], [0.0, 0.0, 0.82521]])


def linear(encoded):
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def icc_profile(name, to_xyz_d50, gamma):
    """An ICC version 2 profile of a matrix and one gamma for all channels."""

    def fixed(value):
        return struct.pack(">i", round(value * 65536))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    text = name.encode()
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + bytes(79),
        b"wtpt": b"XYZ \0\0\0\0" + b"".join(map(fixed, (0.9642, 1.0, 0.8249))),
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
    }
    for index, channel in enumerate(b"rgb"):
        tags[bytes([channel]) + b"XYZ"] = b"XYZ \0\0\0\0" + b"".join(fixed(value) for value in to_xyz_d50[:, index])
        tags[bytes([channel]) + b"TRC"] = curve
    offset = 128 + 4 + 12 * len(tags)
    table, content = struct.pack(">I", len(tags)), b""
    for tag, value in tags.items():
        padded = value + bytes(-len(value) % 4)
        table += tag + struct.pack(">II", offset + len(content), len(value))
        content += padded
    size = 128 + len(table) + len(content)
    header = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (header + b"".join(map(fixed, (0.9642, 1.0, 0.8249)))).ljust(128, b"\0") + table + content


ADOBE_RGB = icc_profile("Adobe RGB (1998)", D65_TO_D50 @ ADOBE_D65, 563 / 256)
PROPHOTO = icc_profile("ProPhoto RGB", PROPHOTO_D50, 1.8)


def encode_in(pixels, to_xyz_d50, gamma, levels):
    """sRGB pixels, uint8, as levels of a space with this matrix and gamma."""
    xyz = linear(pixels / 255) @ (D65_TO_D50 @ SRGB_D65).T
    values = np.clip(xyz @ np.linalg.inv(to_xyz_d50).T, 0, 1) ** (1 / gamma)
    return np.rint(values * levels)


def gradient(width=48, height=32):
    """uint8 [height, width, 3]: smooth, asymmetric, with colours that are none of the corners of the cube."""
    y, x = np.mgrid[0:height, 0:width]
    red, green, blue = 40 + 160 * x / width, 220 - 170 * y / height, 60 + 100 * x * y / (width * height)
    return np.rint(np.stack([red, green, blue], axis=-1)).astype(np.uint8)


def saved(pixels, file_format, **options):
    """The bytes of a picture file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def tiff(pixels, **options):
    """The bytes of a TIFF of any depth."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, metadata=None, software=False, **options)
    return buffer.getvalue()


def dng(pixels):
    """A DNG of 12 bits with the plainest colour filter array, uint16 [height, width], and no preview."""
    matrix = tuple(int(part) for value in np.eye(3).ravel() for part in (value * 10000, 10000))
    tags = [
        (271, "s", 0, "Maker", True),
        (272, "s", 0, "Maker One", True),
        (33421, "H", 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, "B", 4, bytes((0, 1, 1, 2)), True),  # CFAPattern: RGGB
        (50706, "B", 4, bytes((1, 4, 0, 0)), True),  # DNGVersion
        (50708, "s", 0, "Maker One", True),  # UniqueCameraModel
        (50717, "H", 1, 4095, True),  # WhiteLevel
        (50721, "2i", 9, matrix, True),  # ColorMatrix1
        (50728, "2I", 3, (1, 1) * 3, True),  # AsShotNeutral
        (50778, "H", 1, 21, True),  # CalibrationIlluminant1: D65
    ]
    return tiff(pixels, photometric=32803, extratags=tags)
