# LLVM 22 writes an L32R's literals where they stand, not aligned: each goes to a section of its own, linked before the
# code that loads it.
/^[ \t]*\.literal_position/ { next }
/^[ \t]*\.literal[ \t]/ {
  line = $0
  sub(/^[ \t]*\.literal[ \t]+/, "", line)
  name = line
  sub(/,.*/, "", name)
  value = line
  sub(/^[^,]*,[ \t]*/, "", value)
  print "\t.pushsection .literal,\"ax\",@progbits\n\t.p2align 2\n" name ":\n\t.long " value "\n\t.popsection"
  next
}
{ print }
