"""What an update means for the clients of the contract, judged by the documents: part of them is the team's own."""
