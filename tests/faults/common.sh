# What the fault tests share; each begins with `source common.sh`. From the environment: PELLUCID the program, SHIM the
# library of shim.c, SOURCE the repository, and PELLUCID_FAULT_ROUNDS and _SEED.
set -euo pipefail
: "${PELLUCID:?}" "${SHIM:?}" "${SOURCE:?}"
rounds=${PELLUCID_FAULT_ROUNDS:-3}
seed=${PELLUCID_FAULT_SEED:-1}
RANDOM=$seed
export PELLUCID_MODELS=$SOURCE/models
work=$(mktemp -d)
mounted=
trap '[ -z "$mounted" ] || umount -l "$mounted"; rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*" >&2
  if [ -f said ]; then sed 's/^/  | /' said >&2; fi
  exit 1
}

# Runs the rest with one fault of shim.c: faulty NAME=VALUE.. -- COMMAND
faulty() {
  local settings=(LD_PRELOAD="$SHIM")
  while [ "$1" != -- ]; do settings+=("PELLUCID_FAULT_$1") && shift; done
  shift
  env "${settings[@]}" "$@"
}

# The command ends with this code and one sentence that has these words in it: refused CODE WORDS COMMAND..
refused() {
  local code=$1 words=$2 got=0
  shift 2
  "$@" >said 2>&1 </dev/null || got=$?
  [ "$got" = "$code" ] || fail "'$*' ended with $got, expected $code"
  [ "$(grep -c '^pellucid: ' said)" = 1 ] || fail "'$*' did not say one sentence"
  grep '^pellucid: ' said | grep -q -- "$words" || fail "'$*' did not say '$words'"
}

works() { "$@" >said 2>&1 </dev/null || fail "'$*' ended with $?"; }

# The tensors of a model or checkpoint: what stands behind its header, which also tells how long the training took.
tensors() {
  local header
  header=$(od -An -t u8 -N 8 "$1")
  tail -c +$((header + 9)) "$1"
}

same_tensors() { cmp -s <(tensors "$1") <(tensors "$2") || fail "$3: the weights of $1 are not those of $2"; }

recordings() {
  mkdir -p speech/a speech/b speech/c noise
  cp "$SOURCE"/recipes/speech/{367,481}/*.opus speech/a
  cp "$SOURCE"/recipes/speech/533/533-1066-0006.opus speech/b
  cp "$SOURCE"/recipes/speech/201/*.opus speech/c
  cp "$SOURCE"/recipes/noise/{boat,wind,fireplace}.opus noise
  printf 'kind,pattern,group,label\nnoise,*,{name},\nspeech,*/*,{1},\n' >groups.csv
}
prepare=("$PELLUCID" prepare --speech speech --noise noise --groups groups.csv --valid 0.3 --test 0)

# A training that is over in a moment: 12 steps, a checkpoint every third.
recipe() {
  cat >tiny.toml <<'END'
name = "tiny"
[model]
window_samples = 64
hop_samples = 32
channels = 2
encoder_layers = 1
bands = 4
width = 4
blocks = 1
hidden = 4
[train]
steps = 12
batch = 1
chunk_s = 0.25
replicas = 1
loader_workers = 1
warmup_steps = 2
validate_every = 6
checkpoint_every = 3
valid_pairs = 1
END
}
train=("$PELLUCID" train tiny.toml --corpus corpus)
has_trainer() { "$PELLUCID" train --help >/dev/null 2>&1 && [ -x "$(dirname "$PELLUCID")/pellucid-train" ]; }
