"""Builds pellucid._core by CMake; `pip install --no-build-isolation ./python` from the checkout needs no network."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

here = Path(__file__).resolve().parent
root = here.parent
header = (root / "include/pellucid/pellucid.h").read_text(encoding="utf-8")
version = ".".join(re.search(rf"PELLUCID_VERSION_{part} (\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH"))
scratch = tempfile.mkdtemp(prefix="pellucid-python-")  # so that the checkout stays as it is


class CMakeBuild(build_ext):
    def build_extension(self, extension):
        place = Path(self.get_ext_fullpath(extension.name)).resolve().parent
        build = Path(self.build_temp).resolve()
        ninja = ["-G", "Ninja"] if shutil.which("ninja") else []
        settings = {
            "CMAKE_BUILD_TYPE": "Release",
            "PELLUCID_PYTHON_PLACE": place,
            "PELLUCID_WERROR": "OFF",
            "Python_EXECUTABLE": sys.executable,
        }
        defines = [f"-D{name}={value}" for name, value in settings.items()]
        more = os.environ.get("CMAKE_ARGS", "").split()
        subprocess.run(["cmake", "-S", here, "-B", build, *ninja, *defines, *more], check=True)
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(os.cpu_count() or 1)
        subprocess.run(["cmake", "--build", build, "-j", jobs, "--target", "pellucid_python"], check=True)
        shutil.copy(root / "models/base.safetensors", place)
        shutil.copy(root / "LICENSE", place)
        # What base was trained on stands on the card of small. What the cards point to is not in the package.
        for card in ("base.md", "small.md"):
            text = (root / "models" / card).read_text(encoding="utf-8")
            alone = re.sub(r"\]\(\.\./([^)\s]+)\)", r"] (\1 in Pellucid's source)", text)
            (place / card).write_text(alone, encoding="utf-8")


try:
    setup(
        name="pellucid",
        version=version,
        description="Removes noise from speech",
        long_description=(here / "README.md").read_text(encoding="utf-8"),
        long_description_content_type="text/markdown",
        license="MIT",
        python_requires=">=3.9",
        install_requires=["numpy"],
        packages=["pellucid"],
        package_dir={"pellucid": "pellucid"},
        package_data={"pellucid": ["py.typed", "*.pyi"]},
        ext_modules=[Extension("pellucid._core", [])],
        cmdclass={"build_ext": CMakeBuild},
        options={"build": {"build_base": f"{scratch}/build"}, "egg_info": {"egg_base": scratch}},
        zip_safe=False,
    )
finally:
    shutil.rmtree(scratch, ignore_errors=True)
