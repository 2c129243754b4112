// The built program's `eval` and `spectrogram`: figures, files, sentences and exit codes.
#include <fmt/format.h>
#include <png.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "eval_fixture.hpp"

namespace pellucid::cli {
namespace {

TEST_F(EvalTest, FiguresOfRecordingsAreThePublishedOnes) {
  const fs::path data = fs::path(PELLUCID_TEST_DATA) / "metrics";
  const Ran run = program({"eval", "--clean", data / "clean", "--noisy", data / "noisy", "--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  const Json json = Json::parse(run.output);
  ASSERT_EQ(json["files"].size(), 3U);
  EXPECT_EQ(json["files"][0]["name"], "010");
  EXPECT_NEAR(json["files"][0]["noisy"]["stoi"], 0.9707, 1e-4);
  EXPECT_NEAR(json["files"][1]["noisy"]["estoi"], 0.9018, 1e-4);
  EXPECT_NEAR(json["files"][2]["noisy"]["si_sdr_db"], 3.8561, 1e-3);
  EXPECT_NEAR(json["files"][2]["noisy"]["seg_snr_db"], -1.2865, 1e-3);
  EXPECT_NEAR(json["files"][0]["noisy"]["pesq_wb"], 2.1500, 2e-3);
  EXPECT_NEAR(json["files"][1]["noisy"]["cbak"], 2.5452, 2e-3);
  EXPECT_NEAR(json["files"][2]["noisy"]["wss"], 54.0819, 5e-3);
  EXPECT_NEAR(json["files"][2]["noisy"]["covl"], 1.6662, 0.05);  // by way of LLR
  EXPECT_NEAR(json["mean"]["noisy"]["stoi"]["mean"], (0.9707 + 0.9234 + 0.7958) / 3, 1e-4);
  EXPECT_LE(json["mean"]["noisy"]["stoi"]["low"], json["mean"]["noisy"]["stoi"]["mean"]);
  EXPECT_FALSE(json["mean"].contains("enhanced"));
}

TEST_F(EvalTest, ComparesBeforeAndAfterBySnrAndNoise) {
  make_trio("a.wav", 0);
  make_trio("b.wav", 0);
  make_trio("c.wav", 10);
  put(folder_ / "log.csv", std::string("name,snr,noise\na,0,hiss\nb.wav,0.000,\"rain, wind\"\nc,10,hiss\n"));
  const Ran run = eval({"--enhanced", "enhanced", "--json", "--csv", "out.csv"});
  ASSERT_EQ(run.code, 0) << run.error;
  const Json json = Json::parse(run.output);
  EXPECT_NEAR(json["mean"]["change"]["si_sdr_db"]["mean"], 6.02, 0.1);
  EXPECT_GT(json["mean"]["change"]["stoi"]["low"], 0);
  EXPECT_LT(json["mean"]["change"]["lsd_db"]["high"], 0);
  ASSERT_EQ(json["by_snr"].size(), 2U);
  EXPECT_EQ(json["by_snr"][0]["label"], "0");
  EXPECT_EQ(json["by_snr"][0]["files"], 2);
  EXPECT_NEAR(json["by_snr"][1]["noisy"]["si_sdr_db"]["mean"], 10, 0.5);
  ASSERT_EQ(json["by_noise"].size(), 2U);
  EXPECT_EQ(json["by_noise"][1]["label"], "rain, wind");

  const std::string csv = bytes("out.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);
  EXPECT_NE(csv.find("name,snr_db,noise,seconds,si_sdr_db_noisy"), std::string::npos);
  EXPECT_NE(csv.find("\nb,0,\"rain, wind\",1.5"), std::string::npos) << csv;

  const Ran text = eval({"--enhanced", "enhanced"});
  ASSERT_EQ(text.code, 0) << text.error;
  for (const char* word : {"SI-SDR dB", "change", "SNR dB", "rain, wind", "95 %"}) {
    EXPECT_NE(text.output.find(word), std::string::npos) << word;
  }
}

TEST_F(EvalTest, ColumnsAreChosen) {
  const fs::path data = fs::path(PELLUCID_TEST_DATA) / "metrics";
  const std::vector<std::string> basis = {"eval", "--clean", data / "clean", "--noisy", data / "noisy", "--brief"};
  const auto table = [&](std::vector<std::string> more) {
    more.insert(more.begin(), basis.begin(), basis.end());
    const Ran run = program(more);
    EXPECT_EQ(run.code, 0) << run.error;
    return run.output;
  };
  const std::string usual = table({}), few = table({"--metrics", "wss,pesq"}), all = table({"--metrics", "all"});
  EXPECT_LT(usual.find("PESQ"), usual.find("STOI")) << usual;
  EXPECT_EQ(usual.find("WSS"), std::string::npos);
  EXPECT_LT(few.find("WSS"), few.find("PESQ"));
  EXPECT_NE(few.find("WSS: lower is better"), std::string::npos);
  EXPECT_EQ(few.find("STOI"), std::string::npos);
  for (const char* word : {"CSIG", "CBAK", "COVL", "LLR", "WSS", "LSD", "segSNR"}) {
    EXPECT_NE(all.find(word), std::string::npos) << word;
  }
  expect_refused(eval({"--metrics", "pesq,beauty"}), 2, "beauty");
}

TEST_F(EvalTest, ComparesTwoSystemsPairByPair) {
  fs::create_directory(folder_ / "better");
  for (int i = 0; i < 6; ++i) {
    const std::string name = fmt::format("f{}.wav", i);
    make_trio(name, 3.0 * i, 12000);
    fs::copy_file(folder_ / "clean" / name, folder_ / "better" / name);
  }
  make_trio("alone.wav", 5, 12000);
  const Ran run = eval({"--compare", "enhanced", "better", "--json", "--csv", "out.csv"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.error.find("alone.wav"), std::string::npos) << run.error;
  const Json json = Json::parse(run.output);
  EXPECT_EQ(json["pairs"], 6);
  const Json stoi = json["measures"]["stoi"], lsd = json["measures"]["lsd_db"];
  EXPECT_NEAR(stoi["b"], 1.0, 1e-9);
  EXPECT_NEAR(stoi["difference"]["mean"], stoi["b"].get<double>() - stoi["a"].get<double>(), 1e-9);
  EXPECT_GT(stoi["difference"]["low"], 0);
  EXPECT_EQ(stoi["p"], 2.0 / 64);  // the smallest that six pairs can give
  EXPECT_LT(lsd["difference"]["high"], 0);
  EXPECT_EQ(json["files"].size(), 6U);
  const std::string csv = bytes("out.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7);
  EXPECT_NE(csv.find("stoi_a"), std::string::npos);

  // A system against itself, a folder against a model.
  const Json same = Json::parse(eval({"--compare", "noisy", "same", "--json"}).output);
  EXPECT_EQ(same["pairs"], 7);
  EXPECT_NEAR(same["measures"]["stoi"]["difference"]["mean"], 0, 1e-3);
  const Json self = Json::parse(eval({"--compare", "same", "same", "--json"}).output);
  EXPECT_EQ(self["measures"]["si_sdr_db"]["p"], 1.0);
  const Ran text = eval({"--compare", "noisy", "better", "--metrics", "stoi,lsd"});
  ASSERT_EQ(text.code, 0) << text.error;
  for (const char* word : {"STOI", "LSD dB", "B - A", "0.0312", "randomisation"}) {
    EXPECT_NE(text.output.find(word), std::string::npos) << word << text.output;
  }
}

TEST_F(EvalTest, BadComparisons) {
  make_trio("a.wav", 5, 12000);
  fs::create_directory(folder_ / "empty");
  expect_refused(eval({"--compare", "enhanced", "unknown"}), 5, "unknown");
  expect_refused(eval({"--compare", "enhanced", ""}), 2, "--compare");
  EXPECT_EQ(eval({"--compare", "same", models_ / "same.pellucid"}).code, 0);
  expect_refused(eval({"--compare", "enhanced", "empty"}), 3, "empty");
  expect_refused(eval({"--compare", "enhanced"}), 2, "--compare");
  expect_refused(eval({"--compare", "enhanced", "noisy", "--model", "same"}), 2, "--compare");
  expect_refused(eval({"--compare", "enhanced", "noisy", "--report", "page.html"}), 2, "--report");
  make("enhanced/a.wav", kFloat, 16000, 1, std::size_t{11999});
  expect_refused(eval({"--compare", "enhanced", "noisy"}), 4, "11999");
}

TEST_F(EvalTest, TheListOfJsonFormAndRangesOfSnr) {
  std::string list = "[";
  for (int i = 0; i < 14; ++i) {
    make_trio(fmt::format("f{}.wav", 10 + i), i, 12000);
    list += fmt::format("{}{{\"id\":\"f{}\",\"snr\":{}}}", i > 0 ? "," : "", 10 + i, i);
  }
  put(folder_ / "conditions.json", list.append("]"));
  const Ran run = eval({"--log", "conditions.json", "--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  const Json json = Json::parse(run.output);
  ASSERT_EQ(json["by_snr"].size(), 3U);
  EXPECT_EQ(json["by_snr"][0]["label"], "0…5");
  EXPECT_EQ(json["by_snr"][2]["files"], 4);
  EXPECT_TRUE(json["by_noise"].empty());
}

TEST_F(EvalTest, ListsThatAreOthersStayOut) {
  make_trio("a.wav", 5, 12000);
  const auto snr = [&] {
    const Ran run = eval({"--json"});
    EXPECT_EQ(run.code, 0) << run.error;
    EXPECT_NE(run.error.find("log.csv: is no list"), std::string::npos) << run.error;
    return Json::parse(run.output)["files"][0].value("snr_db", -1.0);
  };
  put(folder_ / "log.csv", std::string("date,event\n1,started\n"));
  EXPECT_EQ(snr(), -1);
  put(folder_ / "list.json", std::string("\xEF\xBB\xBF[{\"id\":\"a.wav\",\"snr\":5}]"));
  EXPECT_EQ(snr(), 5);
}

TEST_F(EvalTest, AModelIsRunInPlace) {
  make_trio("a.wav", 5);
  make_trio("b.flac.wav", 5);
  for (const char* model : {"same", "half"}) {
    const Ran run = eval({"--model", model, "--json"});
    ASSERT_EQ(run.code, 0) << run.error;
    const Json change = Json::parse(run.output)["mean"]["change"];
    EXPECT_NEAR(change["si_sdr_db"]["mean"], 0, 0.01) << model;  // aligned to the sample, and blind to gain
    EXPECT_NEAR(change["stoi"]["mean"], 0, 0.001) << model;
    const double segmental_db = change["seg_snr_db"]["mean"];
    EXPECT_EQ(std::abs(segmental_db) < 0.01, std::string(model) == "same") << segmental_db;
  }
  // The same figures as from files that `pellucid denoise` wrote.
  ASSERT_EQ(denoise({"noisy", "-o", "denoised", "--model", "random"}).code, 0);
  const Json model = Json::parse(eval({"--model", "random", "--json"}).output);
  const Json from_files = Json::parse(eval({"--enhanced", "denoised", "--json"}).output);
  EXPECT_NEAR(model["mean"]["enhanced"]["si_sdr_db"]["mean"], from_files["mean"]["enhanced"]["si_sdr_db"]["mean"],
              1e-3);
}

TEST_F(EvalTest, WhatHasNoPartnerIsNamed) {
  make_trio("a.wav", 5);
  make_trio("sub-b.wav", 5);
  fs::create_directories(folder_ / "clean" / "deep");
  make("clean/only-clean.wav");
  make("noisy/only-noisy.wav");
  fs::remove(folder_ / "enhanced" / "sub-b.wav");
  fs::rename(folder_ / "enhanced" / "a.wav", folder_ / "enhanced" / "a.denoised.wav");
  const Ran run = eval({"--enhanced", "enhanced", "--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  for (const char* name : {"only-clean.wav", "only-noisy.wav", "sub-b.wav"}) {
    EXPECT_NE(run.error.find(name), std::string::npos) << name;
  }
  const Json json = Json::parse(run.output);
  ASSERT_EQ(json["files"].size(), 1U);
  EXPECT_EQ(json["files"][0]["name"], "a");
  EXPECT_EQ(json["unmatched"].size(), 3U);
}

TEST_F(EvalTest, TwoFilesAreAPair) {
  make_trio("a.wav", 7);
  const Ran run = program({"eval", "--clean", "clean/a.wav", "--noisy", "enhanced/a.wav", "--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NEAR(Json::parse(run.output)["mean"]["noisy"]["si_sdr_db"]["mean"], 13.02, 0.3);
}

TEST_F(EvalTest, TheSameForAnyNumberOfThreads) {
  for (int i = 0; i < 6; ++i) make_trio(fmt::format("f{}.wav", i), 3.0 * i, 12000);
  const Ran one = eval({"--enhanced", "enhanced", "--json", "-j", "1"}),
            four = eval({"--enhanced", "enhanced", "--json", "-j", "4"});
  ASSERT_EQ(one.code, 0);
  EXPECT_EQ(one.output, four.output);
}

TEST_F(EvalTest, SilenceHasNoFiguresAndOddSamplesAreNamed) {
  make_trio("a.wav", 5);
  make("clean/silent.wav", kFloat, 16000, 1, std::vector<double>(16000, 0.0));
  make("noisy/silent.wav", kFloat, 16000, 1, std::size_t{16000});
  std::vector<double> broken = noise(24000, 1);
  broken[500] = std::numeric_limits<double>::quiet_NaN();
  make("noisy/a.wav", kFloat, 16000, 1, broken);
  const Ran run = eval({"--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.error.find("noisy/a.wav: 1 samples"), std::string::npos) << run.error;
  const Json json = Json::parse(run.output);
  EXPECT_TRUE(json["files"][1]["noisy"]["stoi"].is_null());
  EXPECT_EQ(json["mean"]["noisy"]["stoi"]["files"], 1);
  EXPECT_TRUE(json["mean"]["noisy"]["stoi"]["mean"].is_number());
  EXPECT_TRUE(json["mean"]["noisy"]["stoi"]["low"].is_null());
}

TEST_F(EvalTest, OneBadPairIsNamedAndTheRestMeasured) {
  make_trio("a.wav", 5);
  make_trio("short.wav", 5);
  make_trio("rate.wav", 5);
  make_trio("broken.wav", 5);
  make("noisy/short.wav", kFloat, 16000, 1, std::size_t{23999});
  make("noisy/rate.wav", kFloat, 48000, 1, std::size_t{24000});
  const std::string whole = bytes("noisy/broken.wav");
  put(folder_ / "noisy" / "broken.wav", whole.substr(0, whole.size() / 2));
  const Ran run = eval({"--json"});
  EXPECT_EQ(run.code, 10);
  expect_sentence(run, "3 of 4 pairs");
  for (const char* word : {"23999 samples", "48000 Hz", "broken.wav"}) {
    EXPECT_NE(run.error.find(word), std::string::npos) << word;
  }
  const Json json = Json::parse(run.output);
  EXPECT_EQ(json["files"].size(), 1U);
  EXPECT_EQ(json["failed"].size(), 3U);
}

TEST_F(EvalTest, NothingToMeasureIsAnError) {
  expect_refused(eval({}), 3, "holds no sound file");
  expect_refused(program({"eval", "--clean", "none", "--noisy", "noisy"}), 3, "no such folder");
  make("clean/a.wav");
  make("noisy/b.wav");
  expect_refused(eval({}), 3, "same name");
  make("noisy/a.wav", kFloat, 8000, 1, std::size_t{20011});
  expect_refused(eval({}), 4, "8000 Hz");
  put(folder_ / "noisy" / "a.wav", std::string("Dear reader, this is no sound.\n"));
  expect_refused(eval({}), 4, "a.wav");
  make("noisy/a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  expect_refused(eval({}), 3, "the same name");
}

TEST_F(EvalTest, BadOptions) {
  make_trio("a.wav", 5);
  expect_refused(eval({"--model", "unknown"}), 5, "unknown");
  expect_refused(eval({"--enhanced", "enhanced", "--model", "same"}), 2, "--model");
  for (const char* option : {"--enhanced", "--model", "--log", "--csv"}) expect_refused(eval({option, ""}), 2, option);
  expect_refused(eval({"--jobs", "-1"}), 2, "--jobs");
  expect_refused(eval({"--log", "none.csv"}), 3, "none.csv");
  put(folder_ / "bad.csv", std::string("file;ratio\na;5\n"));
  expect_refused(eval({"--log", "bad.csv"}), 3, "bad.csv");
  put(folder_ / "bad.json", std::string("{\"a\": "));
  expect_refused(eval({"--log", "bad.json"}), 3, "bad.json");
  put(folder_ / "other.csv", std::string("name,snr\nx,5\n"));
  expect_refused(eval({"--log", "other.csv"}), 3, "names none");
  const std::string model = slurp(models_ / "same.pellucid");
  put(folder_ / "cut.safetensors", model.substr(0, model.size() - 7));
  expect_refused(eval({"--model", "cut.safetensors"}), 5, "cut.safetensors");
}

TEST_F(EvalTest, MeansBeforeAndAfterAreOfTheSameFiles) {
  make_trio("a.wav", 0);
  make_trio("muted.wav", 20);
  make("enhanced/muted.wav", kFloat, 16000, 1, std::vector<double>(24000, 0.0));
  put(folder_ / "log.csv", std::string("name,snr,noise\na,nan,hiss\nmuted,20,hiss\n"));
  const Ran run = eval({"--enhanced", "enhanced", "--json"});
  ASSERT_EQ(run.code, 0) << run.error;
  const Json json = Json::parse(run.output);
  ASSERT_TRUE(json["files"][1]["enhanced"]["pesq_wb"].is_null()) << "nothing is left to measure";
  EXPECT_EQ(json["mean"]["noisy"]["pesq_wb"]["mean"], json["files"][0]["noisy"]["pesq_wb"]);
  EXPECT_EQ(json["mean"]["enhanced"]["pesq_wb"]["mean"], json["files"][0]["enhanced"]["pesq_wb"]);
  EXPECT_EQ(json["by_snr"].size(), 1U) << "no number is no SNR";
}

TEST_F(EvalTest, OutputsThatAreThereStay) {
  make_trio("a.wav", 5);
  for (const char* option : {"--csv", "--report"}) {
    put(folder_ / "mine.html", std::string("precious"));
    expect_refused(eval({option, "mine.html"}), 7, "mine.html");
    EXPECT_EQ(bytes("mine.html"), "precious");
    EXPECT_EQ(eval({option, "mine.html", "--force"}).code, 0);
    EXPECT_NE(bytes("mine.html"), "precious");
    expect_refused(eval({option, "no/such/folder/mine.html"}), 7, "no/such/folder");
  }
  // What cannot be finished leaves nothing behind.
  const std::set<std::string> before = files();
  expect_refused(eval({"--report", "page.html", "--model", "unknown"}), 5, "unknown");
  EXPECT_EQ(files(), before);
}

TEST_F(EvalTest, TheReportNeedsNothingElse) {
  for (int i = 0; i < 5; ++i) make_trio(fmt::format("f{}.wav", i), 4.0 * i);
  make_trio("<b>&.wav", 3);
  put(folder_ / "log.csv", std::string("name,snr,noise\nf0,0,hiss\nf1,4,hiss\nf2,8,rain\nf3,12,rain\nf4,16,rain\n"));
  const Ran run = eval({"--enhanced", "enhanced", "--report", "page.html", "--brief"});
  ASSERT_EQ(run.code, 0) << run.error;
  EXPECT_NE(run.output.find("Report: page.html"), std::string::npos);
  const std::string page = bytes("page.html");
  const auto count = [&](const std::string& text) {
    std::size_t n = 0;
    for (std::size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("src=\""), count("src=\"data:"));
  EXPECT_EQ(count("href="), 0U);
  EXPECT_EQ(count("http"), 0U);
  EXPECT_EQ(count("data:image/png;base64,iVBORw0KGgo"), 3U);
  EXPECT_EQ(count("data:audio/wav;base64,UklGR"), 9U);
  EXPECT_EQ(count("<svg "), 6U);
  EXPECT_EQ(count("<b>&.wav"), 0U);
  EXPECT_GE(count("&lt;b&gt;&amp;"), 1U);
  for (const char* word : {"Best: ", "Median: ", "Worst: ", "By SNR", "By noise", "</html>"}) {
    EXPECT_GE(count(word), 1U) << word;
  }
}

class SpectrogramTest : public EvalTest {
 protected:
  void expect_picture(const std::string& name, unsigned width, unsigned least_height) const {
    const std::string file = bytes(name);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    ASSERT_TRUE(png_image_begin_read_from_memory(&image, file.data(), file.size()));
    EXPECT_EQ(image.width, width);
    EXPECT_GE(image.height, least_height);
    image.format = PNG_FORMAT_RGB;
    std::vector<unsigned char> pixels(PNG_IMAGE_SIZE(image));
    EXPECT_TRUE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr));
  }
};

TEST_F(SpectrogramTest, DrawsOneOrTwoFiles) {
  make("a.wav");
  make("b.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 48000, 2);
  ASSERT_EQ(program({"spectrogram", "a.wav", "-o", "one.png"}).code, 0);
  expect_picture("one.png", 1200, 260);
  const Ran two = program({"spectrogram", "a.wav", "b.flac", "-o", "two.png", "--width", "800", "--height", "300",
                           "--title", "Before", "--title", "After"});
  ASSERT_EQ(two.code, 0) << two.error;
  expect_picture("two.png", 800, 600);
  const Ran part =
      program({"spectrogram", "--title", "a.wav", "a.wav", "-o", "part.png", "--offset", "0.5", "--duration", "0.25"});
  EXPECT_EQ(part.code, 0) << part.error;
  expect_picture("part.png", 1200, 260);
  EXPECT_EQ(std::system(("cd " + folder_.string() +
                         " && cat a.wav | " PELLUCID_PROGRAM
                         " spectrogram - -o piped.png --title a.wav --offset 0.5 --duration 0.25")
                            .c_str()),
            0);
  EXPECT_EQ(bytes("piped.png"), bytes("part.png"));
  EXPECT_NE(program({"spectrogram", "--help"}).output.find("IN..."), std::string::npos);
}

TEST_F(SpectrogramTest, BadInput) {
  make("a.wav");
  put(folder_ / "letter.wav", std::string("Dear reader, this is no sound.\n"));
  put(folder_ / "mine.png", std::string("precious"));
  const std::set<std::string> before = files();
  expect_refused(program({"spectrogram", "none.wav", "-o", "x.png"}), 3, "none.wav");
  expect_refused(program({"spectrogram", "letter.wav", "-o", "x.png"}), 4, "letter.wav");
  expect_refused(program({"spectrogram", "a.wav", "-o", "mine.png"}), 7, "mine.png");
  expect_refused(program({"spectrogram", "a.wav", "-o", "no/folder/x.png"}), 7, "no/folder");
  expect_refused(program({"spectrogram", "a.wav", "--title", "x", "--title", "y", "-o", "x.png"}), 2, "--title");
  expect_refused(program({"spectrogram", "a.wav", "--width", "3", "-o", "x.png"}), 2, "--width");
  expect_refused(program({"spectrogram", "a.wav"}), 2, "--out");
  for (const char* offset : {"99", "1e300"}) {
    expect_refused(program({"spectrogram", "a.wav", "--offset", offset, "-o", "x.png"}), 4, "it has 1.251 s");
  }
  expect_refused(program({"spectrogram", "a.wav", "a.wav", "a.wav", "-o", "x.png"}), 2, "3 files");
  EXPECT_EQ(files(), before);
  EXPECT_EQ(bytes("mine.png"), "precious");
}

}  // namespace
}  // namespace pellucid::cli
