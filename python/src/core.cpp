// pellucid._core: pellucid.hpp for numpy arrays of one kind, (frames, channels), contiguous. What users may hand in
// besides is python/pellucid/__init__.py's business.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <mutex>
#include <pellucid/pellucid.hpp>
#include <string_view>

namespace py = pybind11;

namespace {

template <typename Sample>
using Array = py::array_t<Sample, py::array::c_style>;

/// A denoiser whose calls from several Python threads take turns: the GIL, which would see to that, is let go.
class Core {
 public:
  Core(const py::bytes& model, std::uint32_t sample_rate_hz, std::uint32_t channels, float strength,
       float attenuation_limit_db, float post_filter, bool link_channels, bool adaptive)
      : denoiser_(config_of(std::string_view(model), sample_rate_hz, channels, strength, attenuation_limit_db,
                            post_filter, link_channels, adaptive)),
        channels_(channels) {}

  template <typename Sample>
  Array<Sample> process(const Array<Sample>& input) {
    if (input.ndim() != 2 || input.shape(1) != static_cast<py::ssize_t>(channels_)) {
      throw py::value_error("an array of shape (frames, channels) is needed");
    }
    Array<Sample> output({input.shape(0), input.shape(1)});
    const Sample* from = input.data();
    Sample* to = output.mutable_data();
    const auto frames = static_cast<std::size_t>(input.shape(0));
    const py::gil_scoped_release release;
    const std::lock_guard<std::mutex> turn(mutex_);
    denoiser_.process_interleaved(from, to, frames);
    return output;
  }

  void reset() {
    const py::gil_scoped_release release;
    const std::lock_guard<std::mutex> turn(mutex_);
    denoiser_.reset();
  }

  pellucid::Denoiser& denoiser() { return denoiser_; }

 private:
  static pellucid_config config_of(std::string_view model, std::uint32_t sample_rate_hz, std::uint32_t channels,
                                   float strength, float attenuation_limit_db, float post_filter, bool link_channels,
                                   bool adaptive) {
    pellucid_config config = pellucid::default_config();
    config.model = model.data();
    config.model_size = model.size();
    config.sample_rate_hz = sample_rate_hz;
    config.channels = channels;
    config.strength = strength;
    config.attenuation_limit_db = attenuation_limit_db;
    config.post_filter = post_filter;
    config.channel_link = link_channels ? PELLUCID_CHANNELS_LINKED : PELLUCID_CHANNELS_INDEPENDENT;
    config.adaptive = adaptive ? 1 : 0;
    return config;
  }

  pellucid::Denoiser denoiser_;
  std::uint32_t channels_;
  std::mutex mutex_;
};

py::tuple status_of(Core& core) {
  const pellucid_status s = core.denoiser().status();
  return py::make_tuple(s.voice_probability, s.voice_active != 0, s.snr_db, s.noise_dbfs, s.input_dbfs, s.output_dbfs);
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "The engine; use the package pellucid.";
  module.attr("VERSION") = pellucid_version();
  module.attr("MIN_SAMPLE_RATE_HZ") = PELLUCID_MIN_SAMPLE_RATE_HZ;
  module.attr("MAX_SAMPLE_RATE_HZ") = PELLUCID_MAX_SAMPLE_RATE_HZ;
  module.attr("MAX_CHANNELS") = PELLUCID_MAX_CHANNELS;
  module.attr("NO_ATTENUATION_LIMIT_DB") = PELLUCID_NO_ATTENUATION_LIMIT_DB;
  // Never freed: modules live as long as the interpreter.
  static const auto* error = new py::exception<pellucid::DenoiserError>(module, "CoreError", PyExc_ValueError);
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const pellucid::DenoiserError& e) {
      PyErr_SetObject(error->ptr(), py::make_tuple(e.what(), static_cast<int>(e.result())).ptr());
    }
  });
  py::class_<Core>(module, "Core")
      .def(py::init<const py::bytes&, std::uint32_t, std::uint32_t, float, float, float, bool, bool>())
      .def("process", &Core::process<float>, py::arg("input").noconvert())
      .def("process", &Core::process<std::int16_t>, py::arg("input").noconvert())
      .def("reset", &Core::reset)
      .def("latency_samples", [](Core& c) { return c.denoiser().latency_samples(); })
      .def("set_strength", [](Core& c, float value) { c.denoiser().set_strength(value); })
      .def("set_attenuation_limit_db", [](Core& c, float value) { c.denoiser().set_attenuation_limit_db(value); })
      .def("set_post_filter", [](Core& c, float value) { c.denoiser().set_post_filter(value); })
      .def("set_adaptive", [](Core& c, bool value) { c.denoiser().set_adaptive(value); })
      .def("set_bypass", [](Core& c, bool value) { c.denoiser().set_bypass(value); })
      .def("status", &status_of);
}
