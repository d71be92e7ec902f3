## The raw queue under the name that published programs import.

import ringline/queue
export queue
