"""What a delivered data set is: which layer, codes, fields and coordinates. What is not clear is asked, never guessed."""
