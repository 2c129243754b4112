// report.json of a preparation.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "corpus/index.hpp"
#include "corpus/prepare.hpp"
#include "corpus/prepare_ledger.hpp"

namespace pellucid::corpus {

/// Fills the counts of `result` (files, damaged, refused, totals) from the records and the finished index.
void count_totals(const std::vector<FileRecord>& records, const Index& index, PrepareResult& result);

/// Totals, refused clips with their reason, damaged files, flagged clips; the same sources and options give the same
/// text.
std::string make_report(const std::vector<FileRecord>& records, const Index& index,
                        const std::map<std::string, std::uint64_t>& other_files, const PrepareResult& result);

/// The clip's name: the file's, with "#2" for the second of several pieces.
std::string piece_name(const FileRecord& record, std::size_t piece);

}  // namespace pellucid::corpus
