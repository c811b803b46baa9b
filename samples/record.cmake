# Records a sample: cmake -DBACKSTEP=... -DOUT=x.backstep "-DCOMMAND=program;argument" -P record.cmake
# A program that ends with an error is recorded all the same (backstep ends with 4 then). What cannot
# be recorded here is a warning: the window does without, and the next build tries again.
file(REMOVE_RECURSE "${OUT}.new.backstep")
execute_process(COMMAND "${BACKSTEP}" run -o "${OUT}.new.backstep" -- ${COMMAND}
  RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output TIMEOUT 120)
if(NOT code MATCHES "^[04]$" OR NOT EXISTS "${OUT}.new.backstep/manifest.json")
  message(WARNING "the sample recording ${OUT} could not be made (${code}):\n${output}")
  file(REMOVE_RECURSE "${OUT}.new.backstep")
  return()
endif()
# Forks that somebody made in the old one belong to the program as it was.
file(REMOVE_RECURSE "${OUT}")
file(RENAME "${OUT}.new.backstep" "${OUT}")
file(TOUCH "${OUT}.made")
