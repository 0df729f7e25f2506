# Of libuuid one function is called, which is in include/uuid/uuid.h.
LDLIBS=
# Linux 7.2 to 7.2.12 call calloc_assert() and define it nowhere.
EXTRA_CFLAGS=-I$(ADDITIONS) -include $(ADDITIONS)/movdir64b.h $(if $(shell grep -rlw calloc_assert lib/include),,-include $(ADDITIONS)/calloc_assert.h)
