/*
 * The lists of queue(3) that vcat uses, for systems without libbsd: SLIST and
 * LIST, of which the head knows the first element only, STAILQ and TAILQ, of
 * which it knows the last link, too. A back link points at the link that points
 * here.
 */
#ifndef VCAT_COMPAT_QUEUE_H
#define VCAT_COMPAT_QUEUE_H

#include <stddef.h>

#define SLIST_HEAD(name, type)                                                 \
	struct name {                                                          \
		struct type *first;                                            \
	}
#define SLIST_ENTRY(type)                                                      \
	struct {                                                               \
		struct type *next;                                             \
	}
#define SLIST_FIRST(head) ((head)->first)
#define SLIST_INSERT_HEAD(head, item, field)                                   \
	do {                                                                   \
		(item)->field.next = (head)->first;                            \
		(head)->first = (item);                                        \
	} while (0)
#define SLIST_REMOVE_HEAD(head, field)                                         \
	((void)((head)->first = (head)->first->field.next))

#define LIST_HEAD(name, type) SLIST_HEAD(name, type)
#define LIST_HEAD_INITIALIZER(head)                                            \
	{                                                                      \
		NULL                                                           \
	}
#define LIST_ENTRY(type)                                                       \
	struct {                                                               \
		struct type *next;                                             \
		struct type **back;                                            \
	}
#define LIST_INIT(head)        ((void)((head)->first = NULL))
#define LIST_FIRST(head)       ((head)->first)
#define LIST_NEXT(item, field) ((item)->field.next)
#define LIST_EMPTY(head)       ((head)->first == NULL)
#define LIST_FOREACH(item, head, field)                                        \
	for ((item) = (head)->first; (item) != NULL;                           \
	     (item) = (item)->field.next)
#define LIST_FOREACH_SAFE(item, head, field, after)                            \
	for ((item) = (head)->first;                                           \
	     (item) != NULL && ((after) = (item)->field.next, 1);              \
	     (item) = (after))
#define LIST_INSERT_HEAD(head, item, field)                                    \
	do {                                                                   \
		(item)->field.next = (head)->first;                            \
		(item)->field.back = &(head)->first;                           \
		if ((head)->first != NULL)                                     \
			(head)->first->field.back = &(item)->field.next;       \
		(head)->first = (item);                                        \
	} while (0)
#define LIST_REMOVE(item, field)                                               \
	do {                                                                   \
		if ((item)->field.next != NULL)                                \
			(item)->field.next->field.back = (item)->field.back;   \
		*(item)->field.back = (item)->field.next;                      \
	} while (0)

#define STAILQ_HEAD(name, type)                                                \
	struct name {                                                          \
		struct type *first;                                            \
		struct type **last;                                            \
	}
#define STAILQ_HEAD_INITIALIZER(head)                                          \
	{                                                                      \
		NULL, &(head).first                                            \
	}
#define STAILQ_ENTRY(type) SLIST_ENTRY(type)
#define STAILQ_INIT(head)                                                      \
	do {                                                                   \
		(head)->first = NULL;                                          \
		(head)->last = &(head)->first;                                 \
	} while (0)
#define STAILQ_FIRST(head)                ((head)->first)
#define STAILQ_NEXT(item, field)          ((item)->field.next)
#define STAILQ_EMPTY(head)                ((head)->first == NULL)
#define STAILQ_FOREACH(item, head, field) LIST_FOREACH(item, head, field)
#define STAILQ_FOREACH_SAFE(item, head, field, after)                          \
	LIST_FOREACH_SAFE(item, head, field, after)
#define STAILQ_INSERT_TAIL(head, item, field)                                  \
	do {                                                                   \
		(item)->field.next = NULL;                                     \
		*(head)->last = (item);                                        \
		(head)->last = &(item)->field.next;                            \
	} while (0)
#define STAILQ_REMOVE(head, item, type, field)                                 \
	do {                                                                   \
		struct type **link_ = &(head)->first;                          \
		while (*link_ != (item))                                       \
			link_ = &(*link_)->field.next;                         \
		*link_ = (item)->field.next;                                   \
		if (*link_ == NULL)                                            \
			(head)->last = link_;                                  \
	} while (0)
#define STAILQ_REMOVE_HEAD(head, field)                                        \
	do {                                                                   \
		(head)->first = (head)->first->field.next;                     \
		if ((head)->first == NULL)                                     \
			(head)->last = &(head)->first;                         \
	} while (0)

#define TAILQ_HEAD(name, type)           STAILQ_HEAD(name, type)
#define TAILQ_HEAD_INITIALIZER(head)     STAILQ_HEAD_INITIALIZER(head)
#define TAILQ_ENTRY(type)                LIST_ENTRY(type)
#define TAILQ_INIT(head)                 STAILQ_INIT(head)
#define TAILQ_FIRST(head)                ((head)->first)
#define TAILQ_NEXT(item, field)          ((item)->field.next)
#define TAILQ_EMPTY(head)                ((head)->first == NULL)
#define TAILQ_FOREACH(item, head, field) LIST_FOREACH(item, head, field)
#define TAILQ_FOREACH_SAFE(item, head, field, after)                           \
	LIST_FOREACH_SAFE(item, head, field, after)
#define TAILQ_INSERT_TAIL(head, item, field)                                   \
	do {                                                                   \
		(item)->field.back = (head)->last;                             \
		STAILQ_INSERT_TAIL(head, item, field);                         \
	} while (0)
#define TAILQ_REMOVE(head, item, field)                                        \
	do {                                                                   \
		if ((item)->field.next == NULL)                                \
			(head)->last = (item)->field.back;                     \
		LIST_REMOVE(item, field);                                      \
	} while (0)

#endif
