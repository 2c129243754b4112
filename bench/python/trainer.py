"""Trains the network of a recipe in PyTorch, and by bench_trainer, in turn; prints both speeds and their ratio.

    python3 bench/python/trainer.py BUILD_FOLDER RECIPE [--rounds 3] [--seconds 10]

The recipe's mixers are gru and dense, its output a complex mask. Both use one thread, the same sizes of batch, the same
loss and AdamW; speed is seconds of audio for each second of processor time. The network is written as PyTorch is fast
with it: channels-last convolutions over (time, frequency), one GRU over all bands of a batch, products by einsum.
"""
import argparse
import json
import os
import subprocess
import time

import torch
import tomllib
from torch import nn

DEFAULTS = dict(sample_rate_hz=16000, window_samples=512, hop_samples=256, compression=0.3, fold=4, channels=16,
                kernel=3, encoder_layers=1, bands=20, width=32, blocks=2, hidden=32, time_mixer="gru",
                freq_mixer="dense", output="complex_mask")
LOSS = dict(magnitude=0.7, complex=0.3, consistency=0.3, waveform=0.02, over_suppression=0.5)


class Convolution(nn.Module):
    """Over frequency, with batch normalisation and PReLU; [batch, channels, time, positions]."""

    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, (1, kernel), padding=(0, kernel // 2), bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = nn.PReLU(outputs)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Linear(nn.Module):
    """Over the last axis, with batch normalisation; [.., channels]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x):
        y = self.linear(x)
        return self.norm(y.view(-1, y.shape[-1])).view(y.shape)


class Block(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.gru = nn.GRU(m["width"], m["hidden"], batch_first=True)
        self.time_out = Linear(m["hidden"], m["width"])
        self.mix = nn.Parameter(torch.eye(m["bands"]).unsqueeze(2).repeat(1, 1, m["width"]))
        self.freq_out = Linear(m["width"], m["width"])
        self.act = nn.PReLU(m["width"])

    def forward(self, z):  # [batch, bands, time, width]
        batch, bands, steps, width = z.shape
        h, _ = self.gru(z.reshape(batch * bands, steps, width))
        z = z + self.time_out(h).view(z.shape)
        mixed = self.freq_out(torch.einsum("oid,nitd->notd", self.mix, z))
        return z + self.act(mixed.reshape(-1, width)).view(z.shape)


class Network(nn.Module):
    def __init__(self, m):
        super().__init__()
        c, d, b, k, e = m["channels"], m["width"], m["bands"], m["kernel"], m["encoder_layers"]
        positions = m["window_samples"] // 2 // m["fold"]
        self.first = Convolution(3 * m["fold"], c, k)
        self.encoder = nn.ModuleList(Convolution(c, c, k) for _ in range(e))
        self.decoder = nn.ModuleList(Convolution(c, c, k) for _ in range(e))
        self.reduce = nn.Parameter(torch.rand(b, positions) / positions)
        self.reduce_proj = Linear(c, d)
        self.embedding = nn.Parameter(torch.randn(b, d) * 0.1)
        self.blocks = nn.ModuleList(Block(m) for _ in range(m["blocks"]))
        self.expand_proj = Linear(d, c)
        self.expand = nn.Parameter(torch.rand(positions, b) / b)
        self.out = nn.Conv2d(c, 2 * m["fold"], (1, k), padding=(0, k // 2))

    def forward(self, features):  # [batch, 3 fold, time, positions], channels last
        x = self.first(features)
        skips = [x]
        for layer in self.encoder:
            x = x + layer(x)
            skips.append(x)
        z = torch.einsum("bp,nctp->nbtc", self.reduce, x)
        z = self.reduce_proj(z) + self.embedding.view(1, -1, 1, self.embedding.shape[1])
        for block in self.blocks:
            z = block(z)
        y = torch.einsum("pb,nbtc->nctp", self.expand, self.expand_proj(z))
        x = skips[-1] + y.contiguous(memory_format=torch.channels_last)
        for layer, skip in zip(self.decoder, reversed(skips[:-1])):
            x = x + layer(x) + skip
        return self.out(x)


class Objective:
    def __init__(self, m):
        self.m = m
        self.window = torch.sqrt(torch.hann_window(m["window_samples"]))

    def spectrum(self, x):  # -> [batch, bins, time] complex
        n, hop = self.m["window_samples"], self.m["hop_samples"]
        padded = nn.functional.pad(x, (n - hop, 0))
        return torch.stft(padded, n, hop, window=self.window, center=False, return_complex=True)

    def compress(self, spectrum, floor):
        power = spectrum.real.square() + spectrum.imag.square() + floor
        return spectrum * power.pow((self.m["compression"] - 1) / 2), power

    def spectral(self, estimate, clean):
        def magnitude(s):
            return torch.sqrt(s.real.square() + s.imag.square() + 1e-8)
        difference = magnitude(clean) - magnitude(estimate)
        error = difference.square() + LOSS["over_suppression"] * torch.relu(difference).square()
        distance = (clean - estimate).abs().square()
        return LOSS["magnitude"] * error.mean() + LOSS["complex"] * distance.mean()

    def loss(self, network, noisy, clean):
        m, fold = self.m, self.m["fold"]
        n, hop = m["window_samples"], m["hop_samples"]
        with torch.no_grad():
            full = self.spectrum(noisy)
            seen = full[:, :-1]
            compressed, power = self.compress(seen, 1e-12)
            three = torch.stack((compressed.real, compressed.imag, power.pow(m["compression"] / 2)), -1)
            batch, bins, steps, _ = three.shape
            features = three.view(batch, bins // fold, fold, steps, 3).permute(0, 2, 4, 3, 1)
            features = features.reshape(batch, 3 * fold, steps, bins // fold)
            features = features.contiguous(memory_format=torch.channels_last)
            target, _ = self.compress(self.spectrum(clean)[:, :-1], 1e-8)
        mask = network(features).view(batch, fold, 2, steps, bins // fold)
        mask = mask.permute(0, 4, 1, 3, 2).reshape(batch, bins, steps, 2)
        estimate = torch.view_as_complex(mask.contiguous()) * compressed
        total = self.spectral(estimate, target)
        energy = estimate.real.square() + estimate.imag.square() + 1e-30
        expanded = estimate * energy.pow((1 / m["compression"] - 1) / 2)
        gain = mask[:, -1].square().sum(-1).add(1e-30).pow(0.5 / m["compression"])
        whole = torch.cat((expanded, (full[:, -1] * gain).unsqueeze(1)), 1)
        frames = torch.fft.irfft(whole.transpose(1, 2), n) * self.window
        late = nn.functional.pad(frames[:, :-1, hop:], (0, 0, 1, 0))
        signal = (frames[:, :, :hop] + late).reshape(batch, -1)[:, n - hop:]
        used = signal.shape[1]
        again, _ = self.compress(self.spectrum(signal)[:, :-1], 1e-8)
        total = total + LOSS["consistency"] * self.spectral(again, target[:, :, :again.shape[2]])
        reference = clean[:, :used]
        floor = 1e-3 * noisy[:, :used].square().sum(1) + 1e-8
        ratio = (reference - signal).square().sum(1) / torch.maximum(reference.square().sum(1), floor)
        return total + LOSS["waveform"] * torch.log10(ratio + 1e-3).mean()


class Trainer:
    def __init__(self, m, train):
        torch.manual_seed(1)
        self.network, self.objective = Network(m), Objective(m)
        self.adam = torch.optim.AdamW(self.network.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=1e-4)
        self.batch, self.hop, self.rate = train["batch"], m["hop_samples"], m["sample_rate_hz"]
        self.samples = round(train["chunk_s"] * self.rate / self.hop) * self.hop
        self.clean = 0.05 * (2 * torch.rand(self.batch, self.samples) - 1)
        self.noisy = self.clean + 0.05 * (2 * torch.rand(self.batch, self.samples) - 1)
        self.step()  # memory is taken in the first

    def step(self):
        self.adam.zero_grad(set_to_none=True)
        self.objective.loss(self.network, self.noisy, self.clean).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()

    def audio_s_per_s(self, seconds):
        start, steps = time.process_time(), 0
        while time.process_time() - start < seconds:
            self.step()
            steps += 1
        return steps * self.batch * self.samples / self.rate / (time.process_time() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("recipe")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with open(options.recipe, "rb") as file:
        recipe = tomllib.load(file)
    m = {**DEFAULTS, **recipe.get("model", {})}
    train = {"batch": 8, "chunk_s": 2.048, **recipe.get("train", {})}
    if (m["time_mixer"], m["freq_mixer"], m["output"]) != ("gru", "dense", "complex_mask"):
        parser.error("expected a recipe with the mixers gru and dense and a complex mask")
    if m["window_samples"] != 2 * m["hop_samples"]:
        parser.error("expected a hop of half the window")
    torch.set_num_threads(1)
    trainer = Trainer(m, train)
    parameters = sum(p.numel() for p in trainer.network.parameters())
    command = [os.path.join(options.build, "bench_trainer"), options.recipe, str(options.seconds),
               "train.precision=float32", "train.optimizer=adamw", "loss.stoi=0", "loss.pesq=0"]  # as PyTorch beside it
    ours, theirs = [], []
    for _ in range(options.rounds):
        theirs.append(trainer.audio_s_per_s(options.seconds))
        ours.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    a = sorted(each["audio_s_per_s"] for each in ours)[len(ours) // 2]
    b = sorted(theirs)[len(theirs) // 2]
    share = sorted(each["peak_share"] for each in ours)[len(ours) // 2]
    print(f"{os.path.basename(options.recipe)}: {ours[0]['multiply_adds_per_s'] / 1e6:.1f} M multiply-adds/s, "
          f"{ours[0]['parameters']} parameters in the file, {parameters} trained; "
          f"seconds of audio for each second of one core, medians of {options.rounds}:")
    print(f"  pellucid {a:8.1f}   ({100 * share:.0f} % of the core's peak)")
    print(f"  PyTorch  {b:8.1f}   (version {torch.__version__})")
    print(f"  ratio    {a / b:8.2f}")


if __name__ == "__main__":
    main()
