// A stand-in for Arduino's: what the sketch uses.
#pragma once
#include <stdint.h>

struct SerialPort {
  void begin(unsigned long);
  void println(const char*);
  void println(unsigned long);
};
extern SerialPort Serial;
unsigned long micros();
void setup();
void loop();
