-- What a link is to a node of snax, the cluster's wire is to one of skynet: the same calls.

return require "section.cluster"
