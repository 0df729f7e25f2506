/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a driver of a PCI device calls to reach a GPU's memory, with NVIDIA's
 * names and layouts (GPUDirect RDMA, "Kernel API"), so that a driver compiles
 * here as it does against NVIDIA's own header. Behind it is no GPU.
 */
#ifndef NV_P2P_H
#define NV_P2P_H

#include <linux/types.h>

struct pci_dev;

#define NVIDIA_P2P_PAGE_TABLE_VERSION	0x00010002
#define NVIDIA_P2P_DMA_MAPPING_VERSION	0x00020003

/* The upper half is changed by what breaks a caller, the lower by what does not. */
#define NVIDIA_P2P_MAJOR_VERSION(version)	((version) >> 16)
#define NVIDIA_P2P_MINOR_VERSION(version)	((version) & 0xffff)
#define NVIDIA_P2P_MAJOR_VERSION_MATCHES(object, wanted)	(NVIDIA_P2P_MAJOR_VERSION((object)->version) == NVIDIA_P2P_MAJOR_VERSION(wanted))
#define NVIDIA_P2P_VERSION_COMPATIBLE(object, wanted) \
	(NVIDIA_P2P_MAJOR_VERSION_MATCHES(object, wanted) && \
	 NVIDIA_P2P_MINOR_VERSION((object)->version) >= NVIDIA_P2P_MINOR_VERSION(wanted))
#define NVIDIA_P2P_PAGE_TABLE_VERSION_COMPATIBLE(table)		NVIDIA_P2P_VERSION_COMPATIBLE(table, NVIDIA_P2P_PAGE_TABLE_VERSION)
#define NVIDIA_P2P_DMA_MAPPING_VERSION_COMPATIBLE(mapping)	NVIDIA_P2P_VERSION_COMPATIBLE(mapping, NVIDIA_P2P_DMA_MAPPING_VERSION)

enum nvidia_p2p_page_size_type {
	NVIDIA_P2P_PAGE_SIZE_4KB = 0,
	NVIDIA_P2P_PAGE_SIZE_64KB,
	NVIDIA_P2P_PAGE_SIZE_128KB,
	NVIDIA_P2P_PAGE_SIZE_COUNT
};

typedef struct nvidia_p2p_page {
	uint64_t physical_address;
	union nvidia_p2p_request_registers {
		struct {
			uint32_t wreqmb_h;
			uint32_t rreqmb_h;
			uint32_t rreqmb_0;
			uint32_t reserved[3];
		} fermi;
	} registers;
} nvidia_p2p_page_t;

typedef struct nvidia_p2p_page_table {
	uint32_t version;
	uint32_t page_size;	/* enum nvidia_p2p_page_size_type */
	struct nvidia_p2p_page **pages;
	uint32_t entries;
	uint8_t *gpu_uuid;
	uint32_t flags;
} nvidia_p2p_page_table_t;

typedef struct nvidia_p2p_dma_mapping {
	uint32_t version;
	enum nvidia_p2p_page_size_type page_size_type;
	uint32_t entries;
	uint64_t *dma_addresses;
	void *private;
	struct pci_dev *pci_dev;
} nvidia_p2p_dma_mapping_t;

/* Address and length are multiples of 64 KiB. The callback comes when the memory goes away under the driver, which then calls
 * nvidia_p2p_free_page_table(), and not nvidia_p2p_put_pages(); that waits, where it is called first, until the callback is over.
 */
int nvidia_p2p_get_pages(uint64_t p2p_token, uint32_t va_space, uint64_t virtual_address, uint64_t length,
			 struct nvidia_p2p_page_table **page_table, void (*free_callback)(void *data), void *data);
int nvidia_p2p_put_pages(uint64_t p2p_token, uint32_t va_space, uint64_t virtual_address, struct nvidia_p2p_page_table *page_table);
int nvidia_p2p_free_page_table(struct nvidia_p2p_page_table *page_table);
int nvidia_p2p_dma_map_pages(struct pci_dev *peer, struct nvidia_p2p_page_table *page_table, struct nvidia_p2p_dma_mapping **dma_mapping);
int nvidia_p2p_dma_unmap_pages(struct pci_dev *peer, struct nvidia_p2p_page_table *page_table, struct nvidia_p2p_dma_mapping *dma_mapping);
int nvidia_p2p_free_dma_mapping(struct nvidia_p2p_dma_mapping *dma_mapping);

#endif
