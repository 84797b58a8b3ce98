/*
 * The part of tree(3) that vcat uses, for systems without libbsd: to insert, to
 * remove, and to find the smallest. A skew heap does that in O(log n),
 * amortized. It has no order but that, so there is no RB_NEXT or RB_FIND. Equal
 * elements may be in it together.
 */
#ifndef VCAT_COMPAT_TREE_H
#define VCAT_COMPAT_TREE_H

#include <stddef.h>

struct compat_node {
	struct compat_node *left, *right, *parent;
};

#define RB_ENTRY(type) struct compat_node
#define RB_HEAD(name, type)                                                    \
	struct name {                                                          \
		struct compat_node *root;                                      \
	}
#define RB_INIT(head)               ((void)((head)->root = NULL))
#define RB_INSERT(name, head, item) name##_RB_INSERT(head, item)
#define RB_REMOVE(name, head, item) name##_RB_REMOVE(head, item)
#define RB_MIN(name, head)          name##_RB_MIN(head)

#define RB_GENERATE_INTERNAL(name, type, field, compare, attribute)            \
	attribute struct type *name##_item(struct compat_node *node)           \
	{                                                                      \
		return node == NULL                                            \
			   ? NULL                                              \
			   : (struct type *)(void *)((char *)node -            \
						     offsetof(                 \
							 struct type, field)); \
	}                                                                      \
                                                                               \
	/* Merges along the right edges, and swaps the children passed. */     \
	attribute struct compat_node *name##_merge(                            \
	    struct compat_node *a, struct compat_node *b)                      \
	{                                                                      \
		struct compat_node *root = NULL, *parent = NULL;               \
		struct compat_node **link = &root;                             \
		while (a != NULL && b != NULL) {                               \
			if (compare(name##_item(b), name##_item(a)) < 0) {     \
				struct compat_node *other = a;                 \
				a = b;                                         \
				b = other;                                     \
			}                                                      \
			*link = a;                                             \
			a->parent = parent;                                    \
			parent = a;                                            \
			struct compat_node *right = a->right;                  \
			a->right = a->left;                                    \
			link = &a->left;                                       \
			a = right;                                             \
		}                                                              \
		*link = a != NULL ? a : b;                                     \
		if (*link != NULL)                                             \
			(*link)->parent = parent;                              \
		return root;                                                   \
	}                                                                      \
                                                                               \
	attribute struct type *name##_RB_INSERT(                               \
	    struct name *head, struct type *item)                              \
	{                                                                      \
		item->field = (struct compat_node){ 0 };                       \
		head->root = name##_merge(head->root, &item->field);           \
		return NULL;                                                   \
	}                                                                      \
                                                                               \
	attribute struct type *name##_RB_REMOVE(                               \
	    struct name *head, struct type *item)                              \
	{                                                                      \
		struct compat_node *node = &item->field;                       \
		struct compat_node *parent = node->parent;                     \
		struct compat_node *rest =                                     \
		    name##_merge(node->left, node->right);                     \
		if (rest != NULL)                                              \
			rest->parent = parent;                                 \
		if (parent == NULL)                                            \
			head->root = rest;                                     \
		else if (parent->left == node)                                 \
			parent->left = rest;                                   \
		else                                                           \
			parent->right = rest;                                  \
		return item;                                                   \
	}                                                                      \
                                                                               \
	attribute struct type *name##_RB_MIN(struct name *head)                \
	{                                                                      \
		return name##_item(head->root);                                \
	}

#endif
