/** An AudioBuffer as a WAV file of 16 bits a sample. */
export function wavFile(buffer) {
  const { numberOfChannels: channels, length, sampleRate } = buffer;
  const bytes = 2 * channels * length;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const word = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * channels * sampleRate, true);
  view.setUint16(32, 2 * channels, true);
  view.setUint16(34, 16, true);
  word(36, "data");
  view.setUint32(40, bytes, true);
  for (let c = 0; c < channels; ++c) {
    const samples = buffer.getChannelData(c);
    for (let i = 0; i < length; ++i) {
      const value = Math.round(samples[i] * 32768);
      view.setInt16(44 + 2 * (i * channels + c), Math.min(Math.max(value, -32768), 32767), true);
    }
  }
  return new Blob([view], { type: "audio/wav" });
}
