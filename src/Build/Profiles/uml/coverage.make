# What Kbuild asks of each object: whether gcc counts its lines. Those that are modules, or parts of one.
GCOV_PROFILE=$(if $(filter $(basename $@).o,$(real-obj-m)),y)
