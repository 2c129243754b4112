# What `pellucid export --target` makes a component of: the engine's own sources, and those of embedded/.
set(PELLUCID_COMPONENT_FILES
    LICENSE
    src/dsp/arena.hpp src/dsp/fixed.hpp src/dsp/fixed_stft.cpp src/dsp/fixed_stft.hpp src/dsp/fixed_tables.hpp
    src/dsp/math.hpp
    src/engine/integer_denoiser.cpp src/engine/integer_denoiser.hpp src/engine/lift.hpp
    src/nn/architecture.hpp src/nn/integer_kernels.hpp src/nn/integer_kernels_scalar.cpp src/nn/integer_model.hpp
    src/nn/integer_multiply.cpp src/nn/integer_network.cpp src/nn/integer_network.hpp src/nn/integer_row.hpp)
file(GLOB PELLUCID_OWN_FILES RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/component/*
                                                                             ${CMAKE_CURRENT_LIST_DIR}/kernels/*)
file(GLOB_RECURSE PELLUCID_FORM_FILES RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/forms/*)
list(APPEND PELLUCID_COMPONENT_FILES ${PELLUCID_OWN_FILES} ${PELLUCID_FORM_FILES})
