"""Cleans a 16-bit WAV file: python3 denoise.py IN.wav OUT.wav"""

import sys
import wave

import numpy as np
import pellucid

with wave.open(sys.argv[1], "rb") as file:
    settings = file.getparams()
    if settings.sampwidth != 2:
        sys.exit(f"{sys.argv[1]}: has {8 * settings.sampwidth} bits a sample; this example reads 16.")
    sound = np.frombuffer(file.readframes(settings.nframes), np.int16).reshape(-1, settings.nchannels)

clean = pellucid.denoise(sound, settings.framerate)

with wave.open(sys.argv[2], "wb") as file:
    file.setparams(settings)
    file.writeframes(clean.tobytes())
