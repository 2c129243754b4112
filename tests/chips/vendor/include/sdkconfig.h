// A stand-in for the file that ESP-IDF makes of the options; the build gives them.
#pragma once
